import { putsSelectorsFirst } from "../input/istio-version.js";
import type { Plain } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import { indexDestinationRules } from "../rules/destination-rule-index.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import { isUnordered, nextOf, olderThan, possibleOrders, type Aged } from "./creation-order.js";

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

/** The orders of rules about a host that may change what a client follows towards a service. */
export function possibleRules(
  mesh: Mesh,
  clientNamespace: string,
  serviceNamespace: string,
  host: string,
): PossibleRuleOrders {
  const groups = lookedUp(mesh, clientNamespace, serviceNamespace, host);
  if (!groups.some((group) => isUnordered(group.map(({ object }) => object)))) {
    return { orders: [{ mesh, oldestFirst: [] }], isComplete: true };
  }
  const merged = groups.map((group) => mergesOf(mesh, group));
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
function lookedUp(
  { destinationRuleIndex: index, facts, rules }: Mesh,
  clientNamespace: string,
  serviceNamespace: string,
  host: string,
): DestinationRule[][] {
  const { rootNamespace } = facts;
  const own =
    clientNamespace === rootNamespace
      ? index.rootNamespaceLocal
      : index.namespaceLocal.get(clientNamespace);
  const ruled = (namespace: string, key: string | undefined) =>
    key === undefined
      ? []
      : rules.filter((rule) => rule.ref.namespace === namespace && rule.host === key);
  const ownHost = own?.matches(host)[0];
  if (ownHost !== undefined) return [ruled(clientNamespace, ownHost)];
  return [...new Set([serviceNamespace, rootNamespace])]
    .map((namespace) =>
      ruled(namespace, index.exportedByNamespace.get(namespace)?.matches(host)[0]),
    )
    .filter((group) => group.length > 0);
}

interface Merges {
  orders: Aged<DestinationRule>[][];
  isComplete: boolean;
}

/** Which rules of one host and namespace merge in which order, as far as the result differs. */
function mergesOf(mesh: Mesh, rules: readonly DestinationRule[]): Merges {
  const group = rules.map((value): Aged<DestinationRule> => ({
    value,
    object: value.object,
    content: contentOf([value]),
  }));
  if (!mergeIntoOne(rules)) return mergesStepByStep(mesh, group);
  // The oldest policy and, of each subset, the oldest of that name: two rules decide a place.
  const orders = possibleOrders(group, { limit: 24, depth: 2 });
  const different = new Map(orders.map((order) => [mergeKey(mesh, order), order]));
  return { orders: [...different.values()], isComplete: true };
}

/** Rules that are exported alike and select nothing make one rule, whatever their order. */
function mergeIntoOne([first, ...others]: readonly DestinationRule[]): boolean {
  const isPlain = ({ selector, yieldsToRules }: DestinationRule) => !selector && !yieldsToRules;
  const exported = (rule: DestinationRule | undefined) => rule?.exportTo.join();
  return [first, ...others].every(
    (rule) => rule && isPlain(rule) && exported(rule) === exported(first),
  );
}

/** So many different states of a merge are followed. Rules that people write have a few. */
const MOST_STATES = 2_000;

/**
 * Merges rule by rule, in each order that may be: what was merged from the same rules with the same
 * result goes on as one.
 */
function mergesStepByStep(mesh: Mesh, group: readonly Aged<DestinationRule>[]): Merges {
  const before = olderThan(group);
  let states: Aged<DestinationRule>[][] = [[]];
  let isComplete = true;
  for (let step = 0; step < group.length; step++) {
    const next = new Map<string, Aged<DestinationRule>[]>();
    for (const order of states) {
      for (const rule of following(mesh, group, order, before)) {
        const longer = [...order, rule];
        const key = `${remaining(group, longer)}|${mergeKey(mesh, longer)}`;
        if (!next.has(key)) next.set(key, longer);
      }
    }
    states = [...next.values()];
    if (states.length <= MOST_STATES) continue;
    isComplete = false;
    states = states.slice(0, MOST_STATES);
  }
  return { orders: states, isComplete };
}

/** Rules that may be the next: where those with a selector come first, whatever their age. */
function following(
  { facts }: Mesh,
  group: readonly Aged<DestinationRule>[],
  order: readonly Aged<DestinationRule>[],
  before: ReadonlyMap<Aged<DestinationRule>, readonly Aged<DestinationRule>[]>,
): Aged<DestinationRule>[] {
  const rest = group.filter((one) => !order.includes(one));
  const selecting = putsSelectorsFirst(facts)
    ? rest.filter(({ value }) => value.selector !== undefined)
    : [];
  const sameSort = selecting.length > 0 ? selecting : rest;
  return nextOf(sameSort, before).filter((one) =>
    (before.get(one) ?? []).every((older) => !sameSort.includes(older)),
  );
}

function remaining(group: readonly Aged<DestinationRule>[], order: readonly object[]): string {
  const rest = group.flatMap((one, index) => (order.includes(one) ? [] : index));
  return rest.join();
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

/** What a rule says, without whose it is and when it was written. */
export function ruleContent(rule: DestinationRule): string {
  return contentOf(rule);
}

/** A value as text, without where it was written and when. */
function contentOf(value: unknown): string {
  return JSON.stringify(value, (field, inner: unknown) =>
    WHOSE.includes(field) ? undefined : field === "rules" ? yieldsFirst(inner) : inner,
  );
}

const WHOSE = ["ref", "object", "created", "origin", "parts"];

/** Of the rules that were merged, only whether the first yields to others matters later. */
function yieldsFirst(rules: unknown): unknown {
  const [first] = rules as Plain[];
  return first?.yieldsToRules === true;
}
