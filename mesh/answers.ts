import type { Alias } from "./aliases.js";
import { selectorsIn } from "./clients.js";
import { outcomesOf, type Outcome } from "./clusters.js";
import type { Labels } from "./fields.js";
import type { Mesh } from "./mesh.js";
import { choose, lookUp, type LookUp, type PoolEntry } from "./pools.js";
import { isPublic } from "./registry.js";
import type { Service } from "./services.js";
import { importedService } from "./imports.js";
import type { Scope } from "./sidecars.js";
import type { Client } from "./verdict.js";

/** A client and what it imports, so that this is found once for all hosts. */
export interface Viewer {
  client: Client;
  scope: Scope;
}

/** Looks at a mesh through a client's eyes. */
export function viewerOf(mesh: Mesh, client: Client): Viewer {
  return { client, scope: mesh.scopeOf(client) };
}

/** A host that matters for an alias, with the answer that each client gets about it. */
export interface HostQuestion {
  host: string;
  /** Some object registers the host, so Istio knows it. */
  isRegistered: boolean;
  /** Clients that fare alike get the same list, not a copy. */
  answer: (viewer: Viewer) => readonly Outcome[];
}

/**
 * The hosts that matter for an alias: its own and, where it is an ExternalName, that of its target,
 * whose rules hold for the traffic as soon as something registers it.
 */
export function questionsOf(mesh: Mesh, alias: Alias): HostQuestion[] {
  const target = alias.terminal;
  const hosts = target === undefined || target === alias.host ? [alias.host] : [alias.host, target];
  return hosts.map((host) => ({
    host,
    isRegistered: mesh.registry.of(host).length > 0,
    answer: answerer(mesh, alias, host),
  }));
}

/**
 * Answers for one host. Most clients have no rules of their own for it and import all there is: they
 * share one answer, gateways another.
 */
function answerer(mesh: Mesh, alias: Alias, host: string): HostQuestion["answer"] {
  const services = mesh.registry.of(host);
  const [only = unregistered(alias, host), ...others] = services;
  const isShared = others.length === 0 && isPublic(only);
  const lookUps = new Map<string, LookUp>();
  const rulesFor = (namespace: string): LookUp => {
    const known = lookUps.get(namespace) ?? lookUp(mesh.pools, mesh.facts, host, namespace);
    lookUps.set(namespace, known);
    return known;
  };
  const rules = rulesFor(only.ref.namespace);
  const notSeen = notImported(alias);
  const common: { sidecar?: Outcome[]; gateway?: Outcome[] } = {};
  return ({ client, scope }) => {
    const { namespace } = client;
    const isOpen = isShared && (scope.isOpen || services.length === 0);
    if (isOpen && rules.isCommon(namespace)) {
      const kind = client.gateway ? "gateway" : "sidecar";
      return (common[kind] ??= classOutcomes(mesh, only, rules.from(namespace), client));
    }
    const service = isOpen ? only : importedService(mesh.registry, scope, host);
    if (!service) return notSeen;
    return classOutcomes(mesh, service, rulesFor(service.ref.namespace).from(namespace), client);
  };
}

/**
 * The outcomes for a client. One without labels stands for every workload of its namespace: for
 * each place the worst outcome that some workload would have.
 */
function classOutcomes(
  mesh: Mesh,
  service: Service,
  entries: readonly PoolEntry[],
  client: Client,
): Outcome[] {
  const gateway = client.gateway === true;
  const worst = new Map<string, Outcome>();
  const chosen = new Set(
    labelClasses(mesh, client, entries).map((labels) => choose(entries, client.namespace, labels)),
  );
  for (const entry of chosen) {
    for (const outcome of outcomesOf(mesh, {
      service: withPorts(service, entry),
      entry,
      gateway,
    })) {
      const place = `${outcome.port}|${outcome.subset}`;
      const other = worst.get(place);
      if (!other || (!isMutual(other) && isMutual(outcome))) worst.set(place, outcome);
    }
  }
  return [...worst.values()].sort(
    (a, b) => a.port - b.port || (a.subset < b.subset ? -1 : a.subset > b.subset ? 1 : 0),
  );
}

/** Whether Istio's mutual TLS is sent, or would be if there were a cluster. */
export function isMutual(outcome: Outcome): boolean {
  return outcome.tls === "ISTIO_MUTUAL" || outcome.saysIstioMutual;
}

const ANY_LABELS: readonly Labels[] = [{}];

function labelClasses(
  mesh: Mesh,
  client: Client,
  entries: readonly PoolEntry[],
): readonly Labels[] {
  if (client.labels) return [client.labels];
  if (!entries.some((entry) => entry.selector)) return ANY_LABELS;
  return [{}, ...selectorsIn(mesh, client.namespace)];
}

/** An alias without ports: what any port would get, and what the rule's own ports would. */
function withPorts(service: Service, entry: PoolEntry | undefined): Service {
  if (service.ports.length > 0) return service;
  const policies = [entry?.policy, ...(entry?.subsets ?? []).map((subset) => subset.policy)];
  const named = policies.flatMap((policy) =>
    (policy?.ports ?? []).flatMap(({ number }) => number ?? []),
  );
  // A registered service without ports has no cluster, just as one with UDP ports has none.
  const protocol = service.object ? "udp" : "tcp";
  return {
    ...service,
    ports: [0, ...new Set(named)].map((number) => ({ number, name: "", protocol })),
  };
}

/** A host that no object registers: rules about it are text, until something registers it. */
function unregistered(alias: Alias, host: string): Service {
  return {
    ref: alias.ref,
    host,
    name: host,
    created: 0,
    fromKubernetes: false,
    ports: [],
    // A declared one has its Service somewhere else, where it has a cluster.
    resolution: alias.why === "declared" ? "eds" : "alias",
    meshExternal: alias.why !== "declared",
    exportTo: [],
    labels: {},
  };
}

/** A client that doesn't import the host has no cluster for it, so nothing can be wrong. */
function notImported(alias: Alias): Outcome[] {
  const ports = alias.ports.length > 0 ? alias.ports : [0];
  return ports.map((port) => ({ port, subset: "", saysIstioMutual: false }));
}
