import { aliasOf, isCertain, type Alias } from "./alias.js";
import { selectorsIn } from "./default-clients.js";
import { outcomesOf, rulesTowards, type Outcome } from "../clusters/clusters.js";
import { compareRefs, compareText, type Labels } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import {
  chooseRule,
  lookUpRules,
  namespacesApart,
  type ConsolidatedRule,
} from "../rules/destination-rule-index.js";
import { isPublic } from "../registry/registry.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Service } from "../registry/service.js";
import { importedService, takesCallsTo } from "../scope/imported-service.js";
import type { SidecarScope } from "../scope/sidecar-scope.js";
import type { Client } from "../scope/client.js";

/** A client with what it imports, which is found once for all hosts. */
export interface ScopedClient {
  client: Client;
  scope: SidecarScope;
}

/** Finds what a client imports. */
export function scopedClient(mesh: Mesh, client: Client): ScopedClient {
  return { client, scope: mesh.sidecarScopeOf(client) };
}

/** A host that matters for an alias, with what each client's proxy does towards it. */
export interface HostOutcomes {
  host: string;
  /** Some object registers the host, so Istio knows it. */
  isRegistered: boolean;
  /** Clients with the same outcomes get the same list, not a copy. */
  outcomesFor: OutcomesFor;
  /** Sidecars of all other namespaces that import all there is have the same; undefined: any may differ. */
  apart?: ReadonlySet<string>;
}

/** What a client's proxy does towards one host, by port and subset. */
export type OutcomesFor = (client: ScopedClient) => readonly Outcome[];

/**
 * The hosts that matter for an alias: its own and, where it is an ExternalName, that of its target,
 * whose rules hold for the traffic as soon as something registers it.
 */
export function outcomesByHost(mesh: Mesh, alias: Alias): HostOutcomes[] {
  const target = alias.terminal;
  const hosts = target === undefined || target === alias.host ? [alias.host] : [alias.host, target];
  return hosts.map((host) => ({
    host,
    isRegistered: mesh.registry.of(host).length > 0,
    apart: namespacesApartFor(mesh, alias, host),
    outcomesFor:
      host === alias.host
        ? ofCallsOutside(mesh, alias, outcomesTowards(mesh, alias, host))
        : ofCallsByAlias(mesh, alias, host, outcomesTowards(mesh, alias, host)),
  }));
}

function namespacesApartFor(mesh: Mesh, alias: Alias, host: string): HostOutcomes["apart"] {
  const { registry, destinationRuleIndex, facts } = mesh;
  const hosts = alias.terminal === undefined ? [host] : [host, alias.terminal];
  const isPlain = (services: readonly Service[]) =>
    services.length <= 1 && services.every(isPublic);
  if (!hosts.every((one) => isPlain(registry.of(one)))) return undefined;
  const { namespace } = (registry.of(host)[0] ?? alias).ref;
  return namespacesApart(destinationRuleIndex, facts, host, namespace);
}

/** What holds for calls by the name of an alias whose target leads outside for some clients only. */
function ofCallsOutside(mesh: Mesh, alias: Alias, outcomesFor: OutcomesFor): OutcomesFor {
  const { terminal } = alias;
  if (terminal === undefined || mesh.registry.of(terminal).length <= 1) return outcomesFor;
  const isAbout = aboutAlias(mesh, alias, terminal);
  return (client) => {
    const given = importedService(mesh, client.scope, terminal);
    return given && !isAbout(given) ? [] : outcomesFor(client);
  };
}

/** What holds for calls by the name of an alias: its target's clusters carry not all of them. */
function ofCallsByAlias(
  mesh: Mesh,
  alias: Alias,
  target: string,
  outcomesFor: OutcomesFor,
): OutcomesFor {
  return (client) => {
    const outcomes = outcomesFor(client);
    const { scope } = client;
    const service = scope.importsEverything ? undefined : importedService(mesh, scope, target);
    if (!service) return outcomes;
    const isCarried = ({ port }: Outcome) => takesCallsTo(alias.host, service, port, scope);
    if (outcomes.every(isCarried)) return outcomes;
    return outcomes.flatMap((outcome) => {
      if (isCarried(outcome)) return [outcome];
      return outcome.subset === "" ? [withoutCluster(outcome.port)] : [];
    });
  };
}

/**
 * The outcomes for one host. Most clients import all there is and follow the same rule, or none:
 * they share one list, gateways another.
 */
function outcomesTowards(mesh: Mesh, alias: Alias, host: string): OutcomesFor {
  const services = mesh.registry.of(host);
  const only = services[0] ?? unregistered(alias, host);
  const isShared = services.length <= 1 && isPublic(only);
  const rulesFor = lookUpRules(mesh.destinationRuleIndex, mesh.facts, host, only.ref.namespace);
  const notImported = withoutClusters(alias);
  const isAbout = services.length <= 1 ? () => true : aboutAlias(mesh, alias, host);
  const shared = {
    sidecar: new Map<DecidingRule, Shared>(),
    gateway: new Map<DecidingRule, Shared>(),
  };
  return ({ client, scope }) => {
    const importsOnly = isShared && (scope.importsEverything || services.length === 0);
    const service = importsOnly ? only : importedService(mesh, scope, host);
    if (!service) return notImported;
    if (!isAbout(service)) return [];
    const rules =
      service.ref.namespace === only.ref.namespace && !service.passedOver
        ? rulesFor(client.namespace)
        : rulesTowards(mesh, service)(client.namespace);
    if (!importsOnly || rules.some(hasSelector))
      return outcomesOfClient(mesh, service, rules, client);
    const kind = client.gateway ? "gateway" : "sidecar";
    const rule = decidingRule(rules);
    let outcomes = shared[kind].get(rule);
    if (!outcomes)
      shared[kind].set(rule, (outcomes = outcomesOfClient(mesh, service, rules, client)));
    return outcomes;
  };
}

/**
 * Of several services of a host each client is given one, whatever stands behind the others: whether
 * what it is given leads outside, so that it is the alias that is called, or one like it. (Services of
 * one namespace share their endpoints, so any of them speaks for all.)
 */
function aboutAlias(mesh: Mesh, alias: Alias, host: string): (given: Service) => boolean {
  const { ref } = alias;
  const aliases = new Map<Service["object"], Alias | undefined>();
  return (given) => {
    if (compareRefs(given.ref, ref) === 0) return true;
    const { object, fromKubernetes } = given;
    if (!aliases.has(object)) aliases.set(object, aliasOf(mesh, given));
    const other = aliases.get(object);
    if (!other) return false;
    if (host !== alias.host) return true;
    // A Service comes before a ServiceEntry beside it, whatever their age, and it is reported there.
    if (given.ref.namespace === ref.namespace) return !(fromKubernetes && isCertain(other));
    return isCertain(other) || !isCertain(alias);
  };
}

/** What clients share that import the one service and follow the same rule. */
type Shared = readonly Outcome[];

/** What decides the outcomes of rules without selectors. One rule is consolidated once for each namespace that it is in. */
type DecidingRule = DestinationRule | ConsolidatedRule | undefined;

function decidingRule(rules: readonly ConsolidatedRule[]): DecidingRule {
  const consolidated = chooseRule(rules, "", {});
  return consolidated?.rules.length === 1 ? consolidated.rules[0] : consolidated;
}

function hasSelector({ selector }: ConsolidatedRule): boolean {
  return selector !== undefined;
}

/**
 * The outcomes for a client. One without labels stands for every workload of its namespace: for
 * each place the worst outcome that some workload would have.
 */
function outcomesOfClient(
  mesh: Mesh,
  service: Service,
  rules: readonly ConsolidatedRule[],
  client: Client,
): readonly Outcome[] {
  const gateway = client.gateway === true;
  const outcomesBy = (rule: ConsolidatedRule | undefined) =>
    outcomesOf(mesh, { service: withPorts(service, rule), rule, gateway });
  const [labels = {}, ...others] = labelClasses(mesh, client, rules);
  const first = chooseRule(rules, client.namespace, labels);
  const chosen = new Set(others.map((other) => chooseRule(rules, client.namespace, other)));
  const outcomes =
    others.length === 0
      ? outcomesBy(first)
      : worstOf([first, ...chosen].flatMap((rule) => outcomesBy(rule)));
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
  rules: readonly ConsolidatedRule[],
): readonly Labels[] {
  if (client.labels) return [client.labels];
  if (!rules.some(hasSelector)) return ANY_LABELS;
  return [{}, ...selectorsIn(mesh, client.namespace)];
}

/** An alias without ports: what any port would get, and what the rule's own ports would. */
export function withPorts(service: Service, rule: ConsolidatedRule | undefined): Service {
  if (service.ports.length > 0) return service;
  const policies = [rule?.policy, ...(rule?.subsets ?? []).map((subset) => subset.policy)];
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
export function unregistered(alias: Pick<Alias, "ref" | "why">, host: string): Service {
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
function withoutClusters(alias: Alias): Outcome[] {
  const ports = alias.ports.length > 0 ? alias.ports : [0];
  return ports.map(withoutCluster);
}

function withoutCluster(port: number): Outcome {
  return { port, subset: "", saysIstioMutual: false };
}
