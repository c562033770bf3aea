import type { Alias } from "./aliases.js";
import { selectorsIn } from "./clients.js";
import { outcomesOf, type Outcome } from "./clusters.js";
import type { Labels } from "./fields.js";
import type { Mesh } from "./mesh.js";
import { choose, lookUp, type PoolEntry } from "./pools.js";
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
 * Answers for one host. Clients whose namespaces see the same rules share one computation: an
 * answer depends on the service that is imported, on the entries found, and on being a gateway.
 */
function answerer(mesh: Mesh, alias: Alias, host: string): HostQuestion["answer"] {
  const services = mesh.registry.of(host);
  const [only = unregistered(alias, host), ...others] = services;
  const isShared = others.length === 0 && isPublic(only);
  const lookUps = new Map<string, ReturnType<typeof lookUp>>();
  const lookUpIn = (namespace: string) => {
    const find = lookUp(mesh.pools, mesh.facts, host, namespace);
    lookUps.set(namespace, find);
    return find;
  };
  const notSeen = notImported(alias);
  const forSidecars = new Map<readonly PoolEntry[], Outcome[]>();
  const forGateways = new Map<readonly PoolEntry[], Outcome[]>();
  return ({ client, scope }) => {
    const isOpen = services.length === 0 || (isShared && scope.isOpen);
    const service = isOpen ? only : importedService(mesh.registry, scope, host);
    if (!service) return notSeen;
    const { namespace } = service.ref;
    const entries = (lookUps.get(namespace) ?? lookUpIn(namespace))(client.namespace);
    if (service !== only || entries.some((entry) => entry.selector)) {
      return classOutcomes(mesh, service, entries, client);
    }
    const known = client.gateway ? forGateways : forSidecars;
    let outcomes = known.get(entries);
    if (!outcomes) {
      outcomes = classOutcomes(mesh, service, entries, client);
      known.set(entries, outcomes);
    }
    return outcomes;
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
