import ipaddr from "ipaddr.js";
import type { Endpoint } from "../registry/endpoints.js";
import { compareRefs, compareText } from "../input/plain.js";
import { UNKNOWN_ADDRESS, UNKNOWN_NAME } from "../input/unknowns.js";
import { isCoveredBy, isWildcard } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import type { ObjectRef } from "../input/kube-object.js";
import { terminalOf } from "../registry/external-names.js";
import type { Service } from "../registry/service.js";

/** Why something counts as standing for a server outside the mesh. */
export type AliasReason =
  /** A Service of type ExternalName whose target isn't a Service of the cluster. */
  | "external-name"
  /** A Service with an address that belongs to no Pod. */
  | "external-address"
  /** A Service without a selector whose addresses aren't among the objects: it may be one. */
  | "no-known-address"
  /** A host of a MESH_INTERNAL ServiceEntry behind which no sidecar is known: it may lead outside. */
  | "no-known-sidecar"
  /** A host of a MESH_EXTERNAL ServiceEntry. */
  | "service-entry"
  /** Named in the facts (`externalHosts`). */
  | "declared";

/** What stands in the place of an external name that isn't known. */
export const NO_NAME = "a name that isn't known yet";

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

/** Every external alias among the objects, by namespace, name, kind and host. */
export function externalAliases(mesh: Mesh): Alias[] {
  const aliases = mesh.services.flatMap((service) => aliasOf(mesh, service) ?? []);
  return [...aliases.filter(isCertain), ...declaredAliases(mesh)].sort(
    (a, b) => compareRefs(a.ref, b.ref) || compareText(a.host, b.host),
  );
}

/** Whether an alias is known to lead outside. */
export function isCertain(alias: Alias): boolean {
  return alias.why !== "no-known-address" && alias.why !== "no-known-sidecar";
}

type Base = Pick<Alias, "ref" | "host" | "ports">;

/** The alias that a service is or, without a known address or sidecar, may be. */
export function aliasOf(mesh: Mesh, service: Service): Alias | undefined {
  const ports = service.ports.map((port) => port.number);
  const base = { ref: service.ref, host: service.host, ports };
  if (!service.fromKubernetes) return entryHost(mesh, service, base);
  if (service.externalName !== undefined) return externalName(mesh, service, base);
  const addresses = externalAddresses(mesh, service);
  if (addresses.length > 0) return { ...base, target: brief(addresses), why: "external-address" };
  if (isDeclared(mesh, service)) {
    return { ...base, target: service.host, why: "declared" };
  }
  if (service.selector || mesh.endpointsOf(service).length > 0) return undefined;
  return { ...base, target: "an address that isn't known here", why: "no-known-address" };
}

function isDeclared({ facts }: Mesh, { host }: Service): boolean {
  return facts.externalHosts.some((pattern) => isCoveredBy(host, pattern));
}

/** MESH_INTERNAL is only a claim: a sidecar, or an address of the cluster, has to stand behind it. */
function entryHost(mesh: Mesh, service: Service, base: Base): Alias | undefined {
  const entry = { ...base, target: service.host };
  if (service.meshExternal) return { ...entry, why: "service-entry" };
  if (isDeclared(mesh, service)) return { ...entry, why: "declared" };
  const endpoints = mesh.endpointsOf(service);
  const hasServers = endpoints.length > 0 || service.selector !== undefined;
  return hasServers && endpoints.every((endpoint) => isInMesh(mesh, endpoint))
    ? undefined
    : { ...entry, why: "no-known-sidecar" };
}

function isInMesh(mesh: Mesh, { isInside, address }: Endpoint): boolean {
  if (isInside) return true;
  if (ipaddr.isValid(address)) return !isOutside(mesh, address);
  return mesh.registry.of(address).some(({ fromKubernetes }) => fromKubernetes);
}

/** An ExternalName leads where the service that it ends at leads, if there is one. */
function externalName(mesh: Mesh, service: Service, base: Base): Alias | undefined {
  const terminal = terminalOf(mesh, service);
  const ends = terminal === undefined ? [] : mesh.registry.of(terminal);
  const aliases = ends.map((end) => aliasOf(mesh, end));
  if (aliases.includes(undefined)) return undefined;
  const open = aliases.find((alias) => alias && !isCertain(alias));
  const alias: Alias = {
    ...base,
    target: service.externalName === UNKNOWN_NAME ? NO_NAME : (service.externalName ?? ""),
    why: open?.why ?? "external-name",
  };
  // Where it isn't an alias to Istio, the proxy looks the name up: rules about it don't matter.
  return service.resolution === "alias" && terminal !== undefined ? { ...alias, terminal } : alias;
}

/** Addresses of a service that belong to no Pod and lie outside the cluster's own ranges. */
export function externalAddresses(mesh: Mesh, service: Service): string[] {
  const outside = mesh
    .endpointsOf(service)
    .filter((endpoint) => !endpoint.isInside && isOutside(mesh, endpoint.address))
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

/** In an order of their own: that of the objects must change nothing. */
function brief(addresses: readonly string[]): string {
  const inOrder = addresses
    .filter((address) => address !== UNKNOWN_ADDRESS)
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .concat(addresses.includes(UNKNOWN_ADDRESS) ? "an address that isn't known yet" : []);
  const shown = inOrder.slice(0, 3).join(", ");
  return inOrder.length > 3 ? `${shown} and ${inOrder.length - 3} more` : shown;
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
