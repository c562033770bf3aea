import ipaddr from "ipaddr.js";
import { compareRefs, compareText } from "./fields.js";
import { isCoveredBy, isWildcard } from "./hosts.js";
import type { Mesh } from "./mesh.js";
import type { ObjectRef } from "./objects.js";
import type { Service } from "./services.js";

/** Why something counts as standing for a server outside the mesh. */
export type AliasReason =
  /** A Service of type ExternalName whose target isn't a Service of the cluster. */
  | "external-name"
  /** A Service with an address that belongs to no Pod. */
  | "external-address"
  /** A Service without a selector whose addresses aren't among the objects: it may be one. */
  | "no-known-address"
  /** A host of a MESH_EXTERNAL ServiceEntry. */
  | "service-entry"
  /** Named in the facts (`externalHosts`). */
  | "declared";

/** Something that stands for a server outside the mesh. */
export interface Alias {
  ref: ObjectRef;
  /** The host that clients call. */
  host: string;
  /** What it stands for, for people: an external name, or the first addresses. */
  target: string;
  why: AliasReason;
  /** The ports it declares. */
  ports: readonly number[];
  /** Where an ExternalName ends, after following other ExternalNames; absent for a loop. */
  terminal?: string;
}

/** Every external alias among the objects, by namespace, name and kind. */
export function externalAliases(mesh: Mesh): Alias[] {
  const aliases = mesh.services.flatMap((service) => aliasOf(mesh, service) ?? []);
  return [...aliases, ...declaredAliases(mesh)].sort(
    (a, b) => compareRefs(a.ref, b.ref) || compareText(a.host, b.host),
  );
}

/** The alias that a service is, if it is one. */
export function aliasOf(mesh: Mesh, service: Service): Alias | undefined {
  const ports = service.ports.map((port) => port.number);
  const base = { ref: service.ref, host: service.host, ports };
  if (!service.fromKubernetes) {
    return service.meshExternal
      ? { ...base, target: service.host, why: "service-entry" }
      : undefined;
  }
  if (service.externalName !== undefined) {
    const terminal = terminalOf(mesh, service);
    if (terminal !== undefined && isInside(mesh, terminal)) return undefined;
    const alias: Alias = { ...base, target: service.externalName, why: "external-name" };
    // Where it isn't an alias, the proxy looks the name up itself: rules about it don't matter.
    return service.resolution === "alias" && terminal !== undefined
      ? { ...alias, terminal }
      : alias;
  }
  const addresses = externalAddresses(mesh, service);
  if (addresses.length > 0) return { ...base, target: brief(addresses), why: "external-address" };
  if (mesh.facts.externalHosts.some((host) => isCoveredBy(service.host, host))) {
    return { ...base, target: service.host, why: "declared" };
  }
  if (service.selector || mesh.endpointsOf(service).length > 0) return undefined;
  return { ...base, target: "an address that isn't known here", why: "no-known-address" };
}

/** Follows ExternalNames by their literal target, as istiod does; a loop ends nowhere. */
function terminalOf(mesh: Mesh, service: Service): string | undefined {
  const seen = new Set([service.host]);
  let target = service.externalName;
  while (target !== undefined) {
    const next = mesh.registry.of(target).find((same) => same.externalName !== undefined);
    if (!next) return target;
    if (seen.has(target)) return undefined;
    seen.add(target);
    target = next.externalName;
  }
  return undefined;
}

/** Whether a host is a service of the mesh itself, rather than an alias or unknown. */
function isInside(mesh: Mesh, host: string): boolean {
  return mesh.registry.of(host).some((service) => {
    const alias = aliasOf(mesh, service);
    return alias === undefined;
  });
}

/** Addresses of a service that belong to no Pod and lie outside the cluster's own ranges. */
export function externalAddresses(mesh: Mesh, service: Service): string[] {
  const outside = mesh
    .endpointsOf(service)
    .filter((endpoint) => !endpoint.isPod && isOutside(mesh, endpoint.address))
    .map((endpoint) => endpoint.address);
  return [...new Set(outside)];
}

function isOutside(mesh: Mesh, address: string): boolean {
  if (!ipaddr.isValid(address)) return address !== "";
  const parsed = ipaddr.process(address);
  return !mesh.facts.clusterCidrs.some((cidr) => {
    if (!ipaddr.isValidCIDR(cidr)) return false;
    const [range, bits] = ipaddr.parseCIDR(cidr);
    return parsed.kind() === range.kind() && parsed.match(range, bits);
  });
}

function brief(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 3).join(", ");
  return addresses.length > 3 ? `${shown} and ${addresses.length - 3} more` : shown;
}

/** Hosts that the facts name and no Service among the objects has. */
export function declaredAliases(mesh: Mesh): Alias[] {
  return mesh.facts.externalHosts.flatMap((pattern) => {
    const hosts = isWildcard(pattern)
      ? mesh.rules.map((rule) => rule.host).filter((host) => isCoveredBy(host, pattern))
      : [];
    return [...new Set([pattern, ...hosts])]
      .filter((host) => mesh.registry.of(host).length === 0)
      .map((host): Alias => ({
        ref: declaredRef(mesh, host),
        host,
        target: host,
        why: "declared",
        ports: [],
      }));
  });
}

function declaredRef(mesh: Mesh, host: string): ObjectRef {
  const suffix = `.svc.${mesh.facts.clusterDomain}`;
  const [name, namespace, ...rest] = host.endsWith(suffix)
    ? host.slice(0, -suffix.length).split(".")
    : [];
  return name !== undefined && namespace !== undefined && rest.length === 0
    ? { kind: "Service", namespace, name }
    : { kind: "Host", namespace: "", name: host };
}
