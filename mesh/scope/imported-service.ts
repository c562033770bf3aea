import { compareText, fits, type Labels } from "../input/plain.js";
import { isCoveredBy } from "../input/hosts.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { isVisible, type Registry } from "../registry/registry.js";
import type { Service } from "../registry/service.js";
import { isExcluded, isImported, type Listener, type SidecarScope } from "./sidecar-scope.js";
import {
  keepsEveryService,
  looksUpExactHosts,
  mergesLikeServices,
  picksBestNamespace,
  unifiesScopes,
} from "../input/istio-version.js";

/** What is read of a mesh. */
interface Known {
  readonly registry: Registry;
  readonly facts: MeshFacts;
}

/**
 * The service that a client knows under a host, with the ports that it imports, or undefined.
 */
export function importedService(
  mesh: Known,
  scope: SidecarScope,
  host: string,
): Service | undefined {
  const { registry } = mesh;
  let merged: Service | undefined;
  const add = (service: Service | undefined) => {
    if (service) merged = mergeServices(merged, service, mesh.facts);
  };
  if (!scope.listeners) {
    const exported = registry.exportedTo(host, scope.namespace);
    if (keepsEveryService(mesh.facts)) return withPortsOfAll(exported);
    exported.forEach(add);
    return merged;
  }
  for (const listener of scope.listeners) {
    selectServices(mesh, scope.namespace, listener, host).forEach(add);
    for (const { ports } of listener.destinations.get(host) ?? []) {
      const service = destinationService(mesh, scope.namespace, host);
      if (service) {
        add(
          listener.port === undefined
            ? withPorts(service, ports)
            : withListenerPort(service, listener.port),
        );
      }
    }
  }
  return merged;
}

/** The services of a host that a listener names, all from one namespace. */
export function selectServices(
  { registry, facts }: Known,
  namespace: string,
  listener: Listener,
  host: string,
): Service[] {
  const everywhere = listener.byNamespace.get("*");
  const imported: Service[] = [];
  const found =
    listener.allExact && looksUpExactHosts(facts)
      ? lookedUp(registry, namespace, listener, host)
      : registry.exportedTo(host, namespace);
  for (const service of found) {
    const own = listener.byNamespace.get(service.ref.namespace);
    if (isExcluded(own, host) || isExcluded(everywhere, host)) continue;
    if (!isImported(own, host) && !isImported(everywhere, host)) continue;
    const trimmed =
      listener.port === undefined ? service : withListenerPort(service, listener.port);
    if (trimmed) imported.push(trimmed);
  }
  let chosen: Service | undefined;
  for (const service of imported) {
    const isOwn = service.ref.namespace === namespace;
    const fromKubernetes =
      service.fromKubernetes &&
      chosen?.fromKubernetes === false &&
      (isOwn || chosen.ref.namespace !== namespace) &&
      unifiesScopes(facts);
    if (!chosen || isOwn || fromKubernetes) chosen = service;
  }
  return imported.filter((service) => service.ref.namespace === chosen?.ref.namespace);
}

/** The services of a host that a listener names exactly, in namespaces that it names. */
function lookedUp(
  registry: Registry,
  namespace: string,
  listener: Listener,
  host: string,
): Service[] {
  const byNamespace = registry.byNamespace(host);
  return registry
    .of(host)
    .filter(
      (service) =>
        listener.byNamespace.get(service.ref.namespace)?.exact.has(host) &&
        byNamespace.get(service.ref.namespace) === service &&
        isVisible(service, namespace),
    );
}

/**
 * Whether calls to an ExternalName go to the clusters of the service that it ends at. Where calls
 * are routed by name, the listener that takes them has to import the alias beside the service
 * (`matchingAliasService`), or a VirtualService that routes them there. Where calls are routed by
 * port or address, they always go there.
 */
export function takesCallsTo(
  alias: string,
  service: Service,
  port: number,
  scope: SidecarScope,
): boolean {
  if (scope.importsEverything || !scope.listeners || !isRoutedByName(service, port)) return true;
  const taking = scope.listeners.find(({ listens }) => listens === undefined || listens === port);
  // A workload may address its proxy itself, on a port that services needn't have.
  const proxies = scope.listeners.filter((one) => one.listens !== undefined && !one.port);
  return [...(taking ? [taking] : []), ...proxies].some(
    (listener) =>
      importsAlias(listener, alias, service) ||
      listener.destinations
        .get(service.host)
        ?.some(({ from }) => from.some((host) => isCoveredBy(alias, host))),
  );
}

/** An alias has to be among the hosts of the same namespace as the service, or of all alike. */
export function importsAlias({ byNamespace }: Listener, alias: string, service: Service): boolean {
  const own = byNamespace.get(service.ref.namespace);
  const everywhere = byNamespace.get("*");
  if (isExcluded(own, service.host) || isExcluded(everywhere, service.host)) return false;
  const naming = isImported(own, service.host) ? own : everywhere;
  return isImported(naming, service.host) && isImported(naming, alias);
}

const HTTP: readonly string[] = ["http", "http2", "grpc", "grpc-web"];
const TLS: readonly string[] = ["https", "tls"];

/** By the request's host or, where the service has no address of its own, by the server name. */
function isRoutedByName(service: Service, port: number): boolean {
  const protocol = service.ports.find(({ number }) => number === port)?.protocol ?? "";
  return HTTP.includes(protocol) || (TLS.includes(protocol) && !service.fromKubernetes);
}

/** The service behind a VirtualService's destination: the client's own, else the best visible. */
function destinationService(
  { registry, facts }: Known,
  namespace: string,
  host: string,
): Service | undefined {
  const byNamespace = registry.byNamespace(host);
  const own = byNamespace.get(namespace);
  if (own) return own;
  const visible = [...byNamespace.values()].filter((service) => isVisible(service, namespace));
  if (!picksBestNamespace(facts)) {
    return visible.sort((a, b) => compareText(a.ref.namespace, b.ref.namespace))[0];
  }
  return visible.find((service) => service.fromKubernetes) ?? visible[0];
}

function withListenerPort(service: Service, port: number): Service | undefined {
  const own = service.ports.find((candidate) => candidate.number === port);
  if (!own) return undefined;
  return service.ports.length === 1 ? service : { ...service, ports: [own] };
}

function withPorts(service: Service, ports: ReadonlySet<number>): Service | undefined {
  if (ports.has(0)) return service;
  const kept = service.ports.filter((port) => ports.has(port.number));
  if (kept.length === service.ports.length) return service;
  return kept.length === 0 ? undefined : { ...service, ports: kept };
}

/**
 * The service of a host whose rules a client follows, with the ports of all: the oldest, but one of Kubernetes
 * before others (`DefaultSidecarScopeForNamespace` up to Istio 1.21, which sends the clusters of each).
 */
function withPortsOfAll(services: readonly Service[]): Service | undefined {
  const [first] = services;
  const known = services.find(({ fromKubernetes }) => fromKubernetes) ?? first;
  if (!first || !known || services.length === 1) return known;
  const ports = services.flatMap((owner) =>
    owner.ports.map((port) => (owner === known ? port : { ...port, owner })),
  );
  return { ...known, ports, ...(first !== known && { passedOver: first }) };
}

/** Adds one more service of the same host to what is imported (`appendSidecarServices`). */
function mergeServices(existing: Service | undefined, service: Service, facts: MeshFacts): Service {
  if (!existing || existing === service) return service;
  if (existing.fromKubernetes !== service.fromKubernetes && !keepsEveryService(facts)) {
    return existing.fromKubernetes ? existing : service;
  }
  const canMerge = mergesLikeServices(facts)
    ? areAlike(existing, service)
    : (!existing.fromKubernetes || keepsEveryService(facts)) &&
      existing.ref.namespace === service.ref.namespace;
  if (!canMerge) return existing;
  const known = new Set(existing.ports.map((port) => port.number));
  // By number alone: of TCP and UDP on one number, only what comes first is added.
  const added = service.ports.filter(({ number }) => !known.has(number) && known.add(number));
  return added.length === 0 ? existing : { ...existing, ports: [...existing.ports, ...added] };
}

function areAlike(a: Service, b: Service): boolean {
  return (
    a.ref.namespace === b.ref.namespace &&
    a.resolution === b.resolution &&
    sameLabels(a.labels, b.labels) &&
    sameLabels(a.selector ?? {}, b.selector ?? {}) &&
    sameLabels(asSet(a.exportTo), asSet(b.exportTo))
  );
}

function sameLabels(a: Labels, b: Labels): boolean {
  return fits(a, b) && fits(b, a);
}

function asSet(values: readonly string[]): Labels {
  return Object.fromEntries(values.map((value) => [value, "in"]));
}
