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
import type { MeshFacts } from "./facts.js";
import type { ObjectRef } from "./objects.js";
import { sidecarsExclude } from "./versions.js";
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
  /** The port that it takes calls on; undefined for those that no other listener takes. */
  listens?: number;
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
  if (isPlain(raw.port)) egress.listens = port;
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

/** One egress listener, read for a namespace. */
export interface Listener {
  byNamespace: Map<string, HostClass>;
  port?: number;
  listens?: number;
  /** Every host is exact and in a named namespace: istiod looks them up instead of searching. */
  allExact: boolean;
  /** By destination host, what imported VirtualServices bring along. */
  destinations: Map<string, Brought[]>;
}

/** What one VirtualService brings along of a destination. */
interface Brought {
  ports: ReadonlySet<number>;
  /** The hosts of the VirtualService: calls to them are what is routed there. */
  from: readonly string[];
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
  facts: MeshFacts,
): Scope {
  const egress = sidecar && sidecar.egress.length > 0 ? sidecar.egress : [{ hosts: ["*/*"] }];
  const [first, ...others] = egress;
  const isOpen =
    others.length === 0 && first?.port === undefined && isEverything(first?.hosts ?? []);
  return {
    namespace,
    isOpen,
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
  const byNamespace = new Map<string, HostClass>();
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
  const listener: Listener = { byNamespace, allExact, destinations: new Map() };
  if (egress.port !== undefined) listener.port = egress.port;
  if (egress.listens !== undefined) listener.listens = egress.listens;
  for (const virtualService of importedVirtualServices(virtualServices, namespace, byNamespace)) {
    for (const [host, ports] of destinationsFrom(virtualService, namespace)) {
      const brought = { ports, from: virtualService.hosts };
      const known = listener.destinations.get(host);
      if (known) known.push(brought);
      else listener.destinations.set(host, [brought]);
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

/** Whether a `~` entry takes a host away. */
export function isExcluded(hosts: HostClass | undefined, host: string): boolean {
  return hosts?.excluded.some((pattern) => isCoveredBy(host, pattern)) ?? false;
}

/** Whether an entry names a host. */
export function isImported(hosts: HostClass | undefined, host: string): boolean {
  if (!hosts) return false;
  return (
    hosts.exact.has(host) ||
    hosts.all.some(
      (pattern) => (isWildcard(host) || isWildcard(pattern)) && isCoveredBy(host, pattern),
    )
  );
}
