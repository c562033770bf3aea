import { isWildcard } from "../input/hosts.js";
import type { Plain } from "../input/plain.js";
import type { EntryAdvice, RuleAdvice } from "./advised.js";
import { adviseSpec } from "./rule-spec.js";

/** A host as an object's name; a trailing dot and a star aren't allowed there. */
export function objectName(host: string): string {
  const name = host.toLowerCase().replace(/[^a-z0-9.-]+/g, "-");
  return name.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "") || "egress";
}

/** The ServiceEntry that is advised. */
export function entryObject({ namespace, host, ports }: EntryAdvice): Plain {
  return objectOf(
    "ServiceEntry",
    { name: objectName(host), namespace },
    {
      hosts: [host],
      location: "MESH_EXTERNAL",
      // A wildcard is no name that could be looked up.
      resolution: isWildcard(host) ? "NONE" : "DNS",
      ports: ports.map(({ number, name, protocol }) => ({
        ...{ number, name, protocol: protocol.toUpperCase() },
      })),
    },
  );
}

/** The DestinationRule that is advised, all of it where what is there is known. */
export function ruleObject(rule: RuleAdvice): Plain {
  const { name, namespace, labels = {}, advised = adviseSpec(rule, undefined, "DISABLE") } = rule;
  const metadata = { name, namespace, ...(Object.keys(labels).length > 0 && { labels }) };
  return objectOf("DestinationRule", metadata, advised?.spec ?? {});
}

function objectOf(kind: string, metadata: object, spec: object): Plain {
  return { apiVersion: "networking.istio.io/v1", kind, metadata, spec };
}
