import type { Alias } from "./aliases.js";
import { selectorsIn } from "./clients.js";
import { outcomesOf, type Outcome } from "./clusters.js";
import { compareText, type Labels } from "./fields.js";
import type { Mesh } from "./mesh.js";
import { choose, lookUp, type PoolEntry } from "./pools.js";
import { isPublic } from "./registry.js";
import type { Rule } from "./rules.js";
import type { Service } from "./services.js";
import { importedService, isKnownAs } from "./imports.js";
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
    answer:
      host === alias.host
        ? answerer(mesh, alias, host)
        : asAlias(mesh, alias, host, answerer(mesh, alias, host)),
  }));
}

/** What holds for calls by the name of an alias: its target's clusters carry not all of them. */
function asAlias(
  mesh: Mesh,
  alias: Alias,
  target: string,
  answer: HostQuestion["answer"],
): HostQuestion["answer"] {
  return (viewer) => {
    const outcomes = answer(viewer);
    const { scope } = viewer;
    const service = scope.isOpen ? undefined : importedService(mesh, scope, target);
    if (!service) return outcomes;
    const isCarried = ({ port }: Outcome) => isKnownAs(alias.host, service, port, scope);
    if (outcomes.every(isCarried)) return outcomes;
    return outcomes.flatMap((outcome) => {
      if (isCarried(outcome)) return [outcome];
      return outcome.subset === "" ? [notSent(outcome.port)] : [];
    });
  };
}

/**
 * Answers for one host. Most clients import all there is and follow the same rule, or none: they
 * share one answer, gateways another.
 */
function answerer(mesh: Mesh, alias: Alias, host: string): HostQuestion["answer"] {
  const services = mesh.registry.of(host);
  const only = services[0] ?? unregistered(alias, host);
  const isShared = services.length <= 1 && isPublic(only);
  const rules = lookUp(mesh.pools, mesh.facts, host, only.ref.namespace);
  const notSeen = notImported(alias);
  const shared: { sidecar?: Shared; gateway?: Shared } = {};
  return ({ client, scope }) => {
    const isOpen = isShared && (scope.isOpen || services.length === 0);
    const service = isOpen ? only : importedService(mesh, scope, host);
    if (!service) return notSeen;
    const entries =
      service.ref.namespace === only.ref.namespace
        ? rules(client.namespace)
        : lookUp(mesh.pools, mesh.facts, host, service.ref.namespace)(client.namespace);
    if (!isOpen || entries.some(selects)) return classOutcomes(mesh, service, entries, client);
    const kind = client.gateway ? "gateway" : "sidecar";
    const said = contentOf(entries);
    const known = shared[kind];
    if (known && known.said === said) return known.outcomes;
    const outcomes = classOutcomes(mesh, service, entries, client);
    shared[kind] = { said, outcomes };
    return outcomes;
  };
}

/** An answer that clients share who import the one service and follow the same rule. */
interface Shared {
  said: Rule | PoolEntry | undefined;
  outcomes: readonly Outcome[];
}

/** What tells the outcomes of entries without selectors: pools keep one rule in entries of their own. */
function contentOf(entries: readonly PoolEntry[]): Shared["said"] {
  const entry = choose(entries, "", {});
  return entry?.rules.length === 1 ? entry.rules[0] : entry;
}

function selects({ selector }: PoolEntry): boolean {
  return selector !== undefined;
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
): readonly Outcome[] {
  const gateway = client.gateway === true;
  const outcomesBy = (entry: PoolEntry | undefined) =>
    outcomesOf(mesh, { service: withPorts(service, entry), entry, gateway });
  const [labels = {}, ...others] = labelClasses(mesh, client, entries);
  const first = choose(entries, client.namespace, labels);
  const chosen = new Set(others.map((other) => choose(entries, client.namespace, other)));
  const outcomes =
    others.length === 0
      ? outcomesBy(first)
      : worstOf([first, ...chosen].flatMap((entry) => outcomesBy(entry)));
  return outcomes.sort((a, b) => a.port - b.port || compareText(a.subset, b.subset));
}

function worstOf(outcomes: readonly Outcome[]): Outcome[] {
  const worst = new Map<string, Outcome>();
  for (const outcome of outcomes) {
    const place = `${outcome.port}|${outcome.subset}`;
    const other = worst.get(place);
    if (!other || (!isMutual(other) && isMutual(outcome))) worst.set(place, outcome);
  }
  return [...worst.values()];
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
  if (!entries.some(selects)) return ANY_LABELS;
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
  return ports.map(notSent);
}

function notSent(port: number): Outcome {
  return { port, subset: "", saysIstioMutual: false };
}
