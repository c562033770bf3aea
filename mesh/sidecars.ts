import {
  at,
  byCreation,
  creationTime,
  fits,
  isPlain,
  items,
  labelsOf,
  refOf,
  text,
  texts,
  wholeNumber,
} from "./fields.js";
import type { Labels, Plain } from "./fields.js";
import { isCoveredBy, isWildcard, overlaps } from "./hosts.js";
import type { ObjectRef } from "./objects.js";
import { isVisible, type Registry } from "./registry.js";
import type { Service } from "./services.js";
import type { VirtualService } from "./virtual-services.js";

/**
 * What a client imports: all that is exported to it, or what a Sidecar resource lets through
 * (pilot/pkg/model/sidecar.go).
 */

/** One Sidecar resource. */
export interface Sidecar {
  ref: ObjectRef;
  created: number;
  selector?: Labels;
  /** Empty: a single listener that imports everything. */
  egress: readonly Egress[];
}

interface Egress {
  hosts: readonly string[];
  /** The port that services must have; undefined where ports aren't matched. */
  port?: number;
}

/** Reads a Sidecar. */
export function readSidecar(object: Plain): Sidecar {
  const spec = at(object, "spec");
  const selector = at(spec, "workloadSelector");
  const sidecar: Sidecar = {
    ref: refOf(object),
    created: creationTime(object),
    egress: items(at(spec, "egress")).filter(isPlain).map(readEgress),
  };
  if (isPlain(selector)) sidecar.selector = labelsOf(selector.labels);
  return sidecar;
}

function readEgress(raw: Plain): Egress {
  const port = wholeNumber(at(raw, "port", "number")) ?? 0;
  const isProxy = text(at(raw, "port", "protocol")).toLowerCase() === "http_proxy";
  const egress: Egress = { hosts: texts(raw.hosts) };
  if (port !== 0 && !isProxy) egress.port = port;
  return egress;
}

/** The Sidecar resources of a mesh, in istiod's order of preference. */
export class Sidecars {
  private readonly inOrder: Sidecar[];

  constructor(
    sidecars: readonly Sidecar[],
    private readonly rootNamespace: string,
  ) {
    this.inOrder = [...sidecars].sort(
      (a, b) =>
        Number(a.selector === undefined) - Number(b.selector === undefined) || byCreation(a, b),
    );
  }

  /** The one that holds for a workload: its namespace's own, else the root namespace's default. */
  for(namespace: string, labels: Labels): Sidecar | undefined {
    return (
      this.inOrder.find(
        (sidecar) => sidecar.ref.namespace === namespace && fits(sidecar.selector ?? {}, labels),
      ) ??
      this.inOrder.find(
        (sidecar) => sidecar.ref.namespace === this.rootNamespace && !sidecar.selector,
      )
    );
  }

  /** Label sets that some Sidecar of a namespace selects by. */
  selectorsIn(namespace: string): Labels[] {
    return this.inOrder.flatMap((sidecar) =>
      sidecar.ref.namespace === namespace && sidecar.selector ? [sidecar.selector] : [],
    );
  }
}

/** The hosts of one namespace that a listener names. */
interface HostClass {
  exact: Set<string>;
  all: string[];
  excluded: string[];
}

interface Listener {
  byNamespace: Map<string, HostClass>;
  port?: number;
  /** Every host is exact and in a named namespace: istiod looks them up instead of searching. */
  allExact: boolean;
  /** Ports by destination host that imported VirtualServices bring along. */
  destinations: Map<string, Set<number>[]>;
}

/** What one client (or class of clients) imports. */
export interface Scope {
  namespace: string;
  /** Everything that is exported to the namespace is imported, with all its ports. */
  isOpen: boolean;
  /** Undefined for gateways: they see all that is exported to their namespace. */
  listeners?: readonly Listener[];
}

/** The scope of a gateway. */
export function gatewayScope(namespace: string): Scope {
  return { namespace, isOpen: true };
}

/** The scope of a sidecar that follows this Sidecar resource, or none. */
export function sidecarScope(
  namespace: string,
  sidecar: Sidecar | undefined,
  virtualServices: readonly VirtualService[],
): Scope {
  const egress = sidecar && sidecar.egress.length > 0 ? sidecar.egress : [{ hosts: ["*/*"] }];
  const isOpen = egress.some(({ hosts, port }) => port === undefined && isEverything(hosts));
  return {
    namespace,
    isOpen,
    listeners: egress.map((listener) => readListener(listener, namespace, virtualServices)),
  };
}

function isEverything(hosts: readonly string[]): boolean {
  return hosts.includes("*/*") && !hosts.some((host) => host.startsWith("~"));
}

function readListener(
  egress: Egress,
  namespace: string,
  virtualServices: readonly VirtualService[],
): Listener {
  const byNamespace = new Map<string, HostClass>();
  let allExact = true;
  for (const entry of egress.hosts) {
    const [scope, host, ...rest] = entry.split("/");
    if (scope === undefined || host === undefined || rest.length > 0) continue;
    const excluded = scope.startsWith("~");
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
  const listener: Listener = { byNamespace, allExact, destinations: new Map() };
  if (egress.port !== undefined) listener.port = egress.port;
  for (const virtualService of importedVirtualServices(virtualServices, namespace, byNamespace)) {
    for (const [host, ports] of destinationsFrom(virtualService, namespace)) {
      const known = listener.destinations.get(host);
      if (known) known.push(ports);
      else listener.destinations.set(host, [ports]);
    }
  }
  return listener;
}

/** VirtualServices whose hosts a listener lets through, private ones first. */
function importedVirtualServices(
  all: readonly VirtualService[],
  namespace: string,
  byNamespace: Map<string, HostClass>,
): VirtualService[] {
  const rank = (candidate: VirtualService) =>
    candidate.exportTo.includes("*") ? 2 : candidate.ref.namespace === namespace ? 0 : 1;
  return all
    .filter(({ exportTo }) => exportTo.includes("*") || exportTo.includes(namespace))
    .filter(({ ref, hosts }) => {
      const classes = [byNamespace.get(ref.namespace), byNamespace.get("*")].filter(
        (hostClass) => hostClass !== undefined,
      );
      return hosts.some(
        (host) =>
          classes.some(
            (hostClass) =>
              hostClass.exact.has(host) ||
              hostClass.all.some(
                (imported) =>
                  (isWildcard(host) || isWildcard(imported)) && overlaps(host, imported),
              ),
          ) && !classes.some((hostClass) => isExcluded(hostClass, host)),
      );
    })
    .sort((a, b) => rank(a) - rank(b) || byCreation(a, b));
}

function destinationsFrom(
  virtualService: VirtualService,
  namespace: string,
): Map<string, Set<number>> {
  const out = new Map<string, Set<number>>();
  for (const { host, port, sources } of virtualService.destinations) {
    if (sources.length > 0 && !sources.includes(namespace)) continue;
    const ports = out.get(host);
    if (ports) ports.add(port);
    else out.set(host, new Set([port]));
  }
  return out;
}

function isExcluded(hosts: HostClass | undefined, host: string): boolean {
  return hosts?.excluded.some((pattern) => isCoveredBy(host, pattern)) ?? false;
}

function isImported(hosts: HostClass | undefined, host: string): boolean {
  if (!hosts) return false;
  return (
    hosts.exact.has(host) ||
    hosts.all.some(
      (pattern) => (isWildcard(host) || isWildcard(pattern)) && isCoveredBy(host, pattern),
    )
  );
}

/**
 * The service that a client knows under a host, with the ports that it imports, or undefined.
 */
export function importedService(
  registry: Registry,
  scope: Scope,
  host: string,
): Service | undefined {
  let merged: Service | undefined;
  const add = (service: Service | undefined) => {
    if (service) merged = mergeServices(merged, service);
  };
  if (!scope.listeners) {
    registry.exportedTo(host, scope.namespace).forEach(add);
    return merged;
  }
  for (const listener of scope.listeners) {
    selectServices(registry, scope.namespace, listener, host).forEach(add);
    for (const ports of listener.destinations.get(host) ?? []) {
      const service = destinationService(registry, scope.namespace, host);
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
function selectServices(
  registry: Registry,
  namespace: string,
  listener: Listener,
  host: string,
): Service[] {
  const everywhere = listener.byNamespace.get("*");
  const imported: Service[] = [];
  for (const service of candidates(registry, namespace, listener, host)) {
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
      (isOwn || chosen.ref.namespace !== namespace);
    if (!chosen || isOwn || fromKubernetes) chosen = service;
  }
  return imported.filter((service) => service.ref.namespace === chosen?.ref.namespace);
}

function candidates(
  registry: Registry,
  namespace: string,
  listener: Listener,
  host: string,
): Service[] {
  if (!listener.allExact) return registry.exportedTo(host, namespace);
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

/** The service behind a VirtualService's destination: the client's own, else the best visible. */
function destinationService(
  registry: Registry,
  namespace: string,
  host: string,
): Service | undefined {
  const byNamespace = registry.byNamespace(host);
  const own = byNamespace.get(namespace);
  if (own) return own;
  const visible = [...byNamespace.values()].filter((service) => isVisible(service, namespace));
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

/** Adds one more service of the same host to what is imported (`appendSidecarServices`). */
function mergeServices(existing: Service | undefined, service: Service): Service {
  if (!existing || existing === service) return service;
  if (existing.fromKubernetes !== service.fromKubernetes) {
    return existing.fromKubernetes ? existing : service;
  }
  if (!canMerge(existing, service)) return existing;
  const known = new Set(existing.ports.map((port) => port.number));
  const added = service.ports.filter((port) => !known.has(port.number));
  return added.length === 0 ? existing : { ...existing, ports: [...existing.ports, ...added] };
}

function canMerge(a: Service, b: Service): boolean {
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
