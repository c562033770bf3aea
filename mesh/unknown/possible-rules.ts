import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import {
  indexDestinationRules,
  tablesOf,
  type RuleTable,
} from "../rules/destination-rule-index.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Aged } from "./creation-order.js";
import { contentOf, dependOnOrder, mergesOf, type FoundRules, type Merges } from "./rule-merges.js";

/** One order of creation of the rules that a client finds for a host. */
export interface PossibleRules {
  mesh: Mesh;
  /** By namespace; empty: any order. */
  oldestFirst: readonly (readonly ObjectRef[])[];
}

/** Orders of rules that give a client different ones. */
export interface PossibleRuleOrders {
  orders: PossibleRules[];
  /** False: there are more than were tried. */
  isComplete: boolean;
}

/**
 * The orders of rules about a host that may change what a client follows towards a service.
 *
 * @param mostStates of a merge that are followed
 */
export function possibleRules(
  mesh: Mesh,
  groups: readonly FoundRules[],
  mostStates: number,
): PossibleRuleOrders {
  if (!groups.some(dependOnOrder)) {
    return { orders: [{ mesh, oldestFirst: [] }], isComplete: true };
  }
  const merged = groups.map((group) => different(mesh, mergesOf(mesh, group, mostStates)));
  const combined = merged.reduce<Aged<DestinationRule>[][][]>(
    (before, { orders }) => before.flatMap((some) => orders.map((order) => [...some, order])),
    [[]],
  );
  return {
    orders: combined.map((orders) => ({
      mesh: { ...mesh, destinationRuleIndex: indexOf(mesh, orders.flat()) },
      oldestFirst: orders
        .filter((_, index) => (merged[index]?.orders.length ?? 0) > 1)
        .map((order) => order.map(({ value }) => value.ref)),
    })),
    isComplete: merged.every(({ isComplete }) => isComplete),
  };
}

/**
 * The rules that a lookup comes to: those of the client's own namespace if there are any, else those
 * of the service's and the root namespace; of each, those of the most specific host.
 */
export function lookedUp(
  { destinationRuleIndex: index, facts, rules }: Mesh,
  clientNamespace: string,
  serviceNamespace: string,
  host: string,
): FoundRules[] {
  const { rootNamespace } = facts;
  const isRoot = clientNamespace === rootNamespace;
  const own = isRoot ? index.rootNamespaceLocal : index.namespaceLocal.get(clientNamespace);
  const ruled = (table: RuleTable, namespace: string, key: string): FoundRules => ({
    rules: rules.filter(
      (rule) =>
        rule.ref.namespace === namespace && rule.host === key && tablesOf(rule, facts).has(table),
    ),
    table,
    clientNamespace,
  });
  const ownHost = own?.matches(host)[0];
  if (ownHost !== undefined) return [ruled(isRoot ? "root" : "own", clientNamespace, ownHost)];
  return [...new Set([serviceNamespace, rootNamespace])].flatMap((namespace) => {
    const key = index.exportedByNamespace.get(namespace)?.matches(host)[0];
    return key === undefined ? [] : [ruled("exported", namespace, key)];
  });
}

/** Of orders that come to the same rules, one. */
function different(mesh: Mesh, { orders, isComplete }: Merges): Merges {
  const byContent = new Map(orders.map((order) => [mergeKey(mesh, order), order]));
  return { orders: [...byContent.values()], isComplete };
}

function indexOf({ facts }: Mesh, order: readonly Aged<DestinationRule>[]) {
  const rules = order.map(({ value }, age) => ({ ...value, created: age }));
  return indexDestinationRules(rules, facts);
}

/** What the merge of rules in this order comes to, without whose they are. */
function mergeKey(mesh: Mesh, order: readonly Aged<DestinationRule>[]): string {
  const { namespaceLocal, exportedByNamespace, rootNamespaceLocal } = indexOf(mesh, order);
  const tables = [...namespaceLocal.values(), ...exportedByNamespace.values(), rootNamespaceLocal];
  return contentOf(tables.map((table) => [...table.entries()]));
}
