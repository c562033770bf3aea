import type { Outcome } from "../clusters/clusters.js";
import type { ObjectRef } from "../input/kube-object.js";
import { withRules, type Mesh } from "../mesh.js";
import { readDestinationRule } from "../rules/destination-rule.js";
import type { Service } from "../registry/service.js";
import { importedService } from "../scope/imported-service.js";
import type { SidecarScope } from "../scope/sidecar-scope.js";
import type { Client } from "../scope/client.js";
import { aliasOf, type Alias } from "../verdicts/alias.js";
import { outcomesByHost } from "../verdicts/outcomes.js";
import { possiblePolicies } from "./possible-policies.js";
import {
  answersIn,
  answersOfAnyMerge,
  areSingle,
  isCovered,
  verdictsOf,
  type Answers,
} from "./merged-answers.js";
import { lookedUp, possibleRules } from "./possible-rules.js";
import { dependOnOrder, ruleContent } from "./rule-merges.js";
import { possibleScopes } from "./possible-scopes.js";
import { possibleServices } from "./possible-services.js";

/** What a client gets of a host before rules are looked up, in some orders of creation. */
export interface Given {
  host: string;
  mesh: Mesh;
  scope: SidecarScope;
  /** Undefined: in these orders it is no alias. */
  alias?: Alias;
  /** The orders that it takes, each with the oldest first; others don't matter. */
  oldestFirst: readonly (readonly ObjectRef[])[];
}

/** What holds for a host in some orders of creation. */
export interface OrderedOutcomes extends Pick<Given, "host" | "alias" | "oldestFirst"> {
  outcomes: readonly Outcome[];
}

/** All that can hold for a host, whatever is the older where that isn't known. */
export interface PossibleOutcomes {
  outcomes: OrderedOutcomes[];
  /** False: there may be more verdicts than those of the orders that were tried. */
  isComplete: boolean;
  /** The same of which TLS there is. */
  isTlsComplete: boolean;
}

/** What an alias is read from: a service of the mesh, or an alias without an object. */
export type Source = { service: Service } | { alias: Alias };

/**
 * Finds what a client gets of an alias's hosts in every order of creation, but for the order of rules. An order
 * matters only where istiod comes to it: of the PeerAuthentications of a namespace, of the Sidecars that hold
 * for the client, then of the ServiceEntries of the host. What turns out alike goes on as one.
 */
export function possiblyGiven(mesh: Mesh, client: Client, source: Source): Given[] {
  const aliasIn = (world: Mesh) =>
    "alias" in source ? source.alias : aliasOf(world, source.service);
  const own = "alias" in source ? source.alias.host : source.service.host;
  return possiblePolicies(mesh).flatMap(({ mesh: accepting, oldestFirst: policies }) =>
    possibleScopes(accepting, client).flatMap(({ scope, oldestFirst: sidecars }) =>
      [...hostsOf(mesh, own)].flatMap((host) =>
        possibleServices(accepting, scope, host).map((services): Given => {
          const orders = [sidecars, services.oldestFirst].flatMap((order) =>
            order ? [order] : [],
          );
          const alias = aliasIn(services.mesh);
          const oldestFirst = [...policies, ...orders];
          return { host, mesh: services.mesh, scope, oldestFirst, ...(alias && { alias }) };
        }),
      ),
    ),
  );
}

/** Finds what comes of it in a mesh with these rules, in every order of them. */
export function possibleOutcomes(given: Given, client: Client, mesh: Mesh): PossibleOutcomes {
  const { host, alias, scope, oldestFirst } = given;
  if (!alias) return ofOrders([{ host, outcomes: [], oldestFirst }]);
  const service = importedService(mesh, scope, host);
  const { namespace } = (service ?? alias).ref;
  const groups = lookedUp(mesh, client.namespace, namespace, host);
  // Of an alias without ports those of each rule are places.
  const possible =
    service && service.ports.length > 0 && groups.some(dependOnOrder)
      ? answersOfAnyMerge(groups, host, (some) => outcomesIn(withRules(mesh, some), given, client))
      : undefined;
  const isDecided = possible !== undefined && areSingle(verdictsOf(possible));
  const rules = possibleRules(mesh, groups, isDecided ? FEW_STATES : MOST_STATES);
  const outcomes = rules.orders.map(({ mesh: world, oldestFirst: orders }): OrderedOutcomes => ({
    host,
    alias,
    outcomes: outcomesIn(world, given, client),
    oldestFirst: [...oldestFirst, ...orders],
  }));
  return rules.isComplete ? ofOrders(outcomes) : ofSomeOrders(outcomes, possible);
}

/** So many states of rules that were merged are followed where their order may change a verdict, and where not. */
const MOST_STATES = 30_000;
const FEW_STATES = 2_000;

function ofOrders(outcomes: OrderedOutcomes[]): PossibleOutcomes {
  return { outcomes, isComplete: true, isTlsComplete: true };
}

/** What some orders come to is all there is if every answer that there may be is among them. */
function ofSomeOrders(
  outcomes: OrderedOutcomes[],
  possible: Answers | undefined,
): PossibleOutcomes {
  if (!possible) return { outcomes, isComplete: false, isTlsComplete: false };
  const found = answersIn(outcomes.map((one) => one.outcomes));
  return {
    outcomes,
    isComplete: isCovered(verdictsOf(possible), verdictsOf(found)),
    isTlsComplete: isCovered(possible, found),
  };
}

function outcomesIn(mesh: Mesh, { host, alias, scope }: Given, client: Client): readonly Outcome[] {
  const towards = alias && outcomesByHost(mesh, alias).find((one) => one.host === host);
  return towards?.outcomesFor({ client, scope }) ?? [];
}

/**
 * All that decides what a client gets whatever the rules are, as text: the service with its endpoints, what they
 * accept, and what holds without a rule and with one.
 */
export function givenContent(given: Given, client: Client): string {
  const { host, mesh, scope, alias } = given;
  if (!alias) return JSON.stringify([host]);
  const service = importedService(mesh, scope, host);
  const behind = service && [
    [service.ref.namespace, service.ports, service.resolution, service.meshExternal],
    [service.labels, service.selector, mesh.endpointsOf(service)],
    service.ports.map((port) => mesh.endpointsOf(service, port)),
    mesh.acceptedTls(service.ref.namespace),
  ];
  const derived = mesh.rules.map((rule) => [rule.ref, rule.host, ruleContent(rule)]);
  const selectors = mesh.sidecars.selectorsIn(client.namespace);
  const probes = [[], [mutualFor(host, client)]].map((rules) =>
    outcomesIn(withRules(mesh, rules), given, client),
  );
  return JSON.stringify([host, alias, behind, derived, selectors, probes]);
}

/** A rule that a client follows before any other. */
function mutualFor(host: string, { namespace }: Client) {
  const trafficPolicy = { tls: { mode: "ISTIO_MUTUAL" } };
  const object = {
    kind: "DestinationRule",
    metadata: { namespace, name: "probe" },
    spec: { host, trafficPolicy, exportTo: ["*"] },
  };
  return { ...readDestinationRule(object, ""), host };
}

/** A host, and what ExternalNames lead to from there. */
function hostsOf(mesh: Mesh, host: string): Set<string> {
  const hosts = new Set([host]);
  for (const one of hosts) {
    for (const { externalName } of mesh.registry.of(one)) {
      if (externalName !== undefined) hosts.add(externalName);
    }
  }
  return hosts;
}
