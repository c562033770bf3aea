import { byCreation, type Labels } from "../input/plain.js";
import { isCoveredBy, isWildcard, overlaps } from "../input/hosts.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { readsSourceNamespaces, sidecarsExclude, unifiesScopes } from "../input/istio-version.js";
import type { Client } from "./client.js";
import type { Egress, Sidecar, Sidecars } from "./sidecar.js";
import type { VirtualService } from "./virtual-service.js";

/** The hosts of one namespace that a listener names. */
interface ImportedHosts {
  exact: Set<string>;
  all: string[];
  excluded: string[];
}

/** One egress listener, read for a namespace. */
export interface Listener {
  byNamespace: Map<string, ImportedHosts>;
  port?: number;
  listens?: number;
  /** As it is written; absent where no Sidecar is. */
  egress?: Egress;
  /** Every host is exact and in a named namespace: istiod looks them up instead of searching. */
  allExact: boolean;
  /** By destination host, what imported VirtualServices add. */
  destinations: Destinations;
}

type Destinations = ReadonlyMap<string, readonly ImportedDestination[]>;

/** The ports of a destination host that one VirtualService adds to what is imported. */
interface ImportedDestination {
  ports: ReadonlySet<number>;
  /** The hosts of the VirtualService: calls to them are what is routed there. */
  from: readonly string[];
}

/** What one client (or class of clients) imports, as istiod's `SidecarScope` (pilot/pkg/model/sidecar.go). */
export interface SidecarScope {
  namespace: string;
  /** Everything that is exported to the namespace is imported, with all its ports. */
  importsEverything: boolean;
  /** Undefined where all that is exported to the namespace is seen: for gateways, and in older Istios without a Sidecar. */
  listeners?: readonly Listener[];
}

/** The scope of a gateway. */
export function gatewayScope(namespace: string): SidecarScope {
  return { namespace, importsEverything: true };
}

/** The scope of a sidecar that follows this Sidecar resource, or none. */
export function sidecarScope(
  namespace: string,
  sidecar: Sidecar | undefined,
  virtualServices: readonly VirtualService[],
  facts: MeshFacts,
): SidecarScope {
  // Up to Istio 1.23 it is another way, which differs where several services have one host.
  if (!sidecar && !unifiesScopes(facts)) return { namespace, importsEverything: true };
  const egress = sidecar && sidecar.egress.length > 0 ? sidecar.egress : [{ hosts: ["*/*"] }];
  const [first, ...others] = egress;
  const importsEverything =
    others.length === 0 && first?.port === undefined && isEverything(first?.hosts ?? []);
  return {
    namespace,
    importsEverything,
    listeners: egress.map((listener) => readListener(listener, namespace, virtualServices, facts)),
  };
}

function isEverything(hosts: readonly string[]): boolean {
  return hosts.includes("*/*") && !hosts.some((host) => host.startsWith("~"));
}

function readListener(
  egress: Egress,
  namespace: string,
  virtualServices: readonly VirtualService[],
  facts: MeshFacts,
): Listener {
  const byNamespace = new Map<string, ImportedHosts>();
  let allExact = true;
  const canExclude = sidecarsExclude(facts);
  for (const entry of egress.hosts) {
    const [scope, host, ...rest] = entry.split("/");
    if (scope === undefined || host === undefined || rest.length > 0) continue;
    const excluded = canExclude && scope.startsWith("~");
    const named = excluded ? scope.slice(1) || "*" : scope;
    const key = named === "." ? namespace : named;
    const hosts = byNamespace.get(key) ?? { exact: new Set(), all: [], excluded: [] };
    byNamespace.set(key, hosts);
    if (excluded) {
      hosts.excluded.push(host);
      continue;
    }
    if (isWildcard(host)) allExact = false;
    else hosts.exact.add(host);
    if (key === "*") allExact = false;
    hosts.all.push(host);
  }
  const read = (from: string) =>
    readDestinations(importedVirtualServices(virtualServices, from, byNamespace), from, facts);
  const destinations = isAll(egress.hosts)
    ? destinationsOfAll(virtualServices, namespace, read)
    : read(namespace);
  const listener: Listener = { byNamespace, allExact, destinations };
  if (egress.port !== undefined) listener.port = egress.port;
  if (egress.listens !== undefined) listener.listens = egress.listens;
  listener.egress = egress;
  return listener;
}

function isAll(hosts: readonly string[]): boolean {
  return hosts.length === 1 && hosts[0] === "*/*";
}

/** What VirtualServices add for namespaces that none of them tells apart from others. */
interface CommonDestinations {
  apart: ReadonlySet<string>;
  destinations: Destinations;
}

const commonDestinations = new WeakMap<readonly VirtualService[], CommonDestinations>();

/** What all VirtualServices that a namespace sees add: the same for most namespaces, and read once for those. */
function destinationsOfAll(
  all: readonly VirtualService[],
  namespace: string,
  read: (namespace: string) => Destinations,
): Destinations {
  let common = commonDestinations.get(all);
  if (!common) {
    common = { apart: toldApart(all), destinations: read("") };
    commonDestinations.set(all, common);
  }
  return common.apart.has(namespace) ? read(namespace) : common.destinations;
}

/** Namespaces that some VirtualService is exported to by name or has routes for, or whose own come first. */
function toldApart(all: readonly VirtualService[]): Set<string> {
  return new Set(
    all.flatMap(({ ref, exportTo, isGatewayApi, destinations }) => [
      ...(exportTo.includes("*") ? [] : exportTo),
      ...(isGatewayApi ? [ref.namespace] : []),
      ...destinations.flatMap(({ sources }) => sources),
    ]),
  );
}

function readDestinations(
  virtualServices: readonly VirtualService[],
  namespace: string,
  facts: MeshFacts,
): Destinations {
  const all = new Map<string, ImportedDestination[]>();
  for (const virtualService of virtualServices) {
    for (const [host, ports] of destinationsFor(virtualService, namespace, facts)) {
      const destination = { ports, from: virtualService.hosts };
      const known = all.get(host);
      if (known) known.push(destination);
      else all.set(host, [destination]);
    }
  }
  return all;
}

type Routed = Pick<
  VirtualService,
  "ref" | "created" | "hosts" | "exportTo" | "isGatewayApi" | "madeName"
>;

/** VirtualServices whose hosts a listener lets through, in the order in which a namespace follows them. */
export function importedVirtualServices<V extends Routed>(
  all: readonly V[],
  namespace: string,
  byNamespace: Listener["byNamespace"],
): V[] {
  return inOrderFor(all, namespace).filter(({ ref, hosts, isGatewayApi }) => {
    const named = [byNamespace.get(ref.namespace), byNamespace.get("*")].filter(
      (hosts) => hosts !== undefined,
    );
    return hosts.some(
      (host) =>
        named.some(
          (imports) =>
            imports.exact.has(host) ||
            imports.all.some(
              (imported) =>
                (isWildcard(host) || isWildcard(imported)) &&
                (isGatewayApi ? isCoveredBy(host, imported) : overlaps(host, imported)),
            ),
        ) && !named.some((imports) => isExcluded(imports, host)),
    );
  });
}

/**
 * What is exported to a namespace: private to it, then exported to it by name, then public. Of each the routes
 * of the Gateway API that stand in the namespace come first, then the oldest.
 */
export function inOrderFor<V extends Routed>(all: readonly V[], namespace: string): V[] {
  const rank = ({ isGatewayApi, ref, exportTo }: V) =>
    (exportTo.includes("*") ? 4 : ref.namespace === namespace ? 0 : 2) +
    (isGatewayApi && ref.namespace === namespace ? 0 : 1);
  return all
    .filter(({ exportTo }) => exportTo.includes("*") || exportTo.includes(namespace))
    .sort((a, b) => rank(a) - rank(b) || byCreation(a, b));
}

const sharedDestinations = new WeakMap<VirtualService, Map<string, Set<number>>>();

/** Routes that are for callers of every namespace lead all of them to the same, which is read once. */
function destinationsFor(
  virtualService: VirtualService,
  namespace: string,
  facts: MeshFacts,
): Map<string, Set<number>> {
  if (virtualService.destinations.some(({ sources }) => sources.length > 0)) {
    return destinationsFrom(virtualService, namespace, facts);
  }
  let shared = sharedDestinations.get(virtualService);
  if (!shared) {
    shared = destinationsFrom(virtualService, namespace, facts);
    sharedDestinations.set(virtualService, shared);
  }
  return shared;
}

function destinationsFrom(
  virtualService: VirtualService,
  namespace: string,
  facts: MeshFacts,
): Map<string, Set<number>> {
  const isForOthers = (sources: readonly string[]) =>
    sources.length > 0 && !sources.includes(namespace) && readsSourceNamespaces(facts);
  const out = new Map<string, Set<number>>();
  for (const { host, port, sources } of virtualService.destinations) {
    if (isForOthers(sources)) continue;
    const ports = out.get(host);
    if (ports) ports.add(port);
    else out.set(host, new Set([port]));
  }
  return out;
}

/** Whether a `~` entry takes a host away. */
export function isExcluded(hosts: ImportedHosts | undefined, host: string): boolean {
  return hosts?.excluded.some((pattern) => isCoveredBy(host, pattern)) ?? false;
}

/** Whether an entry names a host. */
export function isImported(hosts: ImportedHosts | undefined, host: string): boolean {
  if (!hosts) return false;
  return (
    hosts.exact.has(host) ||
    hosts.all.some(
      (pattern) => (isWildcard(host) || isWildcard(pattern)) && isCoveredBy(host, pattern),
    )
  );
}

/** Finds what clients import, once for all that follow the same Sidecar in one namespace. */
export function sidecarScopeLookup(
  sidecars: Sidecars,
  virtualServices: readonly VirtualService[],
  facts: MeshFacts,
): (client: Client) => SidecarScope {
  const scopes = new Map<Sidecar | "gateway" | undefined, Map<string, SidecarScope>>();
  const NO_LABELS: Labels = {};
  return (client: Client): SidecarScope => {
    const kind = client.gateway
      ? "gateway"
      : sidecars.for(client.namespace, client.labels ?? NO_LABELS);
    let byNamespace = scopes.get(kind);
    if (!byNamespace) {
      byNamespace = new Map<string, SidecarScope>();
      scopes.set(kind, byNamespace);
    }
    let scope = byNamespace.get(client.namespace);
    if (!scope) {
      scope =
        kind === "gateway"
          ? gatewayScope(client.namespace)
          : sidecarScope(client.namespace, kind, virtualServices, facts);
      byNamespace.set(client.namespace, scope);
    }
    return scope;
  };
}
