import type { AliasCall } from "./calls.js";
import { CREATED, type Edit } from "./edits.js";
import { objectName } from "../explain/advice-objects.js";
import type { Mesh } from "../mesh.js";
import { terminalOf } from "../registry/external-names.js";
import ipaddr from "ipaddr.js";

/** What a ServiceEntry's `protocol` may be, in lower case; `tcp` for others. */
const PROTOCOLS = new Set([
  "http",
  "https",
  "http2",
  "grpc",
  "grpc-web",
  "mongo",
  "redis",
  "mysql",
  "tls",
]);

/** A ServiceEntry for the target of an ExternalName that loses its cluster, where nothing registers it. */
export function serviceEntryFor(before: Mesh, after: Mesh, calls: readonly AliasCall[]): Edit[] {
  const [first] = calls;
  const service =
    first && after.registry.of(first.host).find(({ fromKubernetes }) => fromKubernetes);
  const old = first && before.registry.of(first.host).find(({ fromKubernetes }) => fromKubernetes);
  if (service?.resolution !== "alias" || !old || old.resolution === "alias") return [];
  const target = terminalOf(after, service);
  if (target === undefined || ipaddr.isValid(target) || after.registry.of(target).length > 0)
    return [];
  const ports = service.ports.filter(({ protocol }) => protocol !== "udp");
  const object = {
    apiVersion: "networking.istio.io/v1beta1",
    kind: "ServiceEntry",
    metadata: {
      name: objectName(target),
      namespace: service.ref.namespace,
      creationTimestamp: CREATED,
    },
    spec: {
      hosts: [target],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: ports.map(({ number, name, protocol }) => {
        const spoken = PROTOCOLS.has(protocol) ? protocol : "tcp";
        return { number, name: name || `${spoken}-${number}`, protocol: spoken.toUpperCase() };
      }),
    },
  };
  return [
    {
      action: "create",
      object,
      why: `gives ${target} a cluster, which carries calls by the alias's name and by its own`,
    },
  ];
}
