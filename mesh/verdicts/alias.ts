import type { Endpoint } from "../registry/endpoints.js";
import { compareRefs, compareText } from "../input/plain.js";
import { UNKNOWN_ADDRESS, UNKNOWN_NAME } from "../input/unknowns.js";
import { isAddress, isCoveredBy, isWildcard, lookedUpName } from "../input/hosts.js";
import { apiServerHost, isDeployedGateway, isOfCluster, isOutside } from "./location.js";
import type { Mesh } from "../mesh.js";
import type { ObjectRef } from "../input/kube-object.js";
import { terminalOf } from "../registry/external-names.js";
import type { Resolution, Service } from "../registry/service.js";
import { takesMutualTls } from "../registry/workload.js";

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
  /** It leads to a Service of the cluster that isn't among the objects: that may lead outside. */
  | "unknown-service"
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

const OPEN: readonly AliasReason[] = ["no-known-address", "no-known-sidecar", "unknown-service"];

/** Whether an alias is known to lead outside. */
export function isCertain(alias: Alias): boolean {
  return !OPEN.includes(alias.why);
}

type Base = Pick<Alias, "ref" | "host" | "ports">;

const aliasesByMesh = new WeakMap<Mesh, Map<Service, Alias | undefined>>();

/** The alias that a service is or, as far as is known, may be. */
export function aliasOf(mesh: Mesh, service: Service): Alias | undefined {
  let aliases = aliasesByMesh.get(mesh);
  if (!aliases) aliasesByMesh.set(mesh, (aliases = new Map<Service, Alias | undefined>()));
  if (!aliases.has(service)) aliases.set(service, aliasBeyond(mesh, service, []));
  return aliases.get(service);
}

/** @param names what was followed to get here */
function aliasBeyond(mesh: Mesh, service: Service, names: readonly string[]): Alias | undefined {
  const ports = service.ports.map((port) => port.number);
  const base = { ref: service.ref, host: service.host, ports };
  if (!service.fromKubernetes) return entryHost(mesh, service, base, names);
  if (service.externalName !== undefined) return externalName(mesh, service, base, names);
  const addresses = externalAddresses(mesh, service, names);
  if (addresses.length > 0) return { ...base, target: brief(addresses), why: "external-address" };
  if (isDeclared(mesh, service)) {
    return { ...base, target: service.host, why: "declared" };
  }
  if (service.selector || mesh.endpointsOf(service).length > 0) return undefined;
  return { ...base, target: "an address that isn't known here", why: "no-known-address" };
}

function isDeclared(mesh: Mesh, { host }: Service): boolean {
  return isNamedOutside(mesh, host);
}

function isNamedOutside({ facts }: Mesh, host: string): boolean {
  return facts.externalHosts.some((pattern) => isCoveredBy(host, pattern));
}

/**
 * What a ServiceEntry says of its location is only a claim. MESH_EXTERNAL doesn't hold where all that
 * stands behind it is in the mesh; for MESH_INTERNAL, a sidecar or an address of the cluster has to.
 */
function entryHost(
  mesh: Mesh,
  service: Service,
  base: Base,
  names: readonly string[],
): Alias | undefined {
  const alias = (why: AliasReason): Alias => ({ ...base, target: entryTarget(mesh, service), why });
  const endpoints = mesh.endpointsOf(service);
  if (service.meshExternal) {
    if (endpoints.length === 0 || !HAS_ENDPOINTS.includes(service.resolution)) {
      return alias("service-entry");
    }
    const places = endpoints.map((endpoint) => locationOf(mesh, endpoint, names));
    if (places.includes("outside")) return alias("service-entry");
    return places.includes("unknown") ? alias("unknown-service") : undefined;
  }
  if (isDeclared(mesh, service)) return alias("declared");
  const hasServers = endpoints.length > 0 || service.selector !== undefined;
  return hasServers && endpoints.every((endpoint) => isInMesh(mesh, endpoint, names))
    ? undefined
    : alias("no-known-sidecar");
}

/** How clients find a service whose endpoints are where they go. */
const HAS_ENDPOINTS: readonly Resolution[] = ["eds", "dns", "dns-round-robin"];

/** The names that the proxy looks up, where they aren't the host's own. */
function entryTarget(mesh: Mesh, { host, resolution, ...service }: Service): string {
  if (resolution !== "dns" && resolution !== "dns-round-robin") return host;
  const names = mesh
    .endpointsOf({ ...service, host, resolution })
    .map(({ address }) => address)
    .filter((address) => !isAddress(address) && address !== "");
  return names.length === 0 ? host : brief([...new Set(names)]);
}

function isInMesh(mesh: Mesh, endpoint: Endpoint, names: readonly string[]): boolean {
  const { isInside, address } = endpoint;
  if (isInside) return true;
  if (isAddress(address)) return !isOutside(mesh, address);
  return locationOfName(mesh, address, names) === "inside";
}

type Location = "inside" | "outside" | "unknown";

/** Where an endpoint of a MESH_EXTERNAL ServiceEntry is, for all that: with a sidecar, in the mesh. */
function locationOf(mesh: Mesh, endpoint: Endpoint, names: readonly string[]): Location {
  const { address } = endpoint;
  if (takesMutualTls(endpoint)) return "inside";
  return isAddress(address) ? "outside" : locationOfName(mesh, address, names);
}

/** Where a name that is looked up leads: the cluster's own names lead to its Services. */
function locationOfName(mesh: Mesh, written: string, names: readonly string[]): Location {
  const name = lookedUpName(written);
  if (names.includes(name)) return "outside";
  const services = mesh.registry.of(name).filter(({ fromKubernetes }) => fromKubernetes);
  if (services.length === 0) {
    if (isDeployedGateway(mesh, name)) return "inside";
    const isOpen = isOfCluster(mesh, name) && name !== apiServerHost(mesh);
    return isOpen && !isNamedOutside(mesh, name) ? "unknown" : "outside";
  }
  const aliases = services.map((service) => aliasBeyond(mesh, service, [...names, name]));
  if (aliases.some((alias) => alias && isCertain(alias))) return "outside";
  return aliases.includes(undefined) ? "inside" : "unknown";
}

/** The services of a host that some client may be given: one of Kubernetes comes before others beside it. */
function givenServices({ registry }: Mesh, host: string): readonly Service[] {
  const services = registry.of(host);
  const taken = new Set(
    services.flatMap(({ fromKubernetes, ref }) => (fromKubernetes ? ref.namespace : [])),
  );
  return services.filter(({ fromKubernetes, ref }) => fromKubernetes || !taken.has(ref.namespace));
}

/** An ExternalName leads where the services that it ends at lead, if there are any. */
function externalName(
  mesh: Mesh,
  service: Service,
  base: Base,
  names: readonly string[],
): Alias | undefined {
  const terminal = terminalOf(mesh, service);
  const ends = terminal === undefined ? [] : givenServices(mesh, terminal);
  const aliases = ends.map((end) => aliasBeyond(mesh, end, [...names, service.host]));
  // Each client is given one of several: it is enough that one of them leads outside.
  const outside = aliases.filter((alias) => alias !== undefined);
  if (ends.length > 0 && outside.length === 0) return undefined;
  const location = terminal === undefined ? "outside" : locationOfName(mesh, terminal, names);
  if (ends.length === 0 && location === "inside") return undefined;
  const isOpen = ends.length === 0 && location === "unknown" && !isNamedOutside(mesh, service.host);
  const open = outside.find((alias) => !isCertain(alias));
  const alias: Alias = {
    ...base,
    target: service.externalName === UNKNOWN_NAME ? NO_NAME : (service.externalName ?? ""),
    why: open?.why ?? (isOpen ? "unknown-service" : "external-name"),
  };
  // Where it isn't an alias to Istio, the proxy looks the name up: rules about it don't matter.
  return service.resolution === "alias" && terminal !== undefined ? { ...alias, terminal } : alias;
}

/** Addresses of a service that belong to no Pod and lie outside the cluster's own ranges. */
export function externalAddresses(
  mesh: Mesh,
  service: Service,
  names: readonly string[] = [],
): string[] {
  const leadsOutside = (address: string) =>
    isAddress(address)
      ? isOutside(mesh, address)
      : address !== "" && locationOfName(mesh, address, [...names, service.host]) !== "inside";
  const outside = mesh
    .endpointsOf(service)
    .filter(({ isInside, address }) => !isInside && leadsOutside(address))
    .map(({ address }) => address);
  return [...new Set(outside)];
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
