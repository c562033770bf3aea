import { byCreation, fits, type Labels } from "../input/plain.js";
import { keepsVisibilitiesApart, putsSelectorsFirst } from "../input/istio-version.js";
import { HostTable } from "../input/hosts.js";
import { mergeTrafficPolicies, type Subset, type TrafficPolicy } from "./traffic-policy.js";
import type { DestinationRule } from "./destination-rule.js";

/**
 * The index that istiod looks DestinationRules up in, and how it consolidates the rules of one host
 * (pilot/pkg/model/push_context.go `setDestinationRules`, pilot/pkg/model/destination_rule.go).
 */

/**
 * Rules of one host that istiod has merged into one (`ConsolidatedDestRule`). The first gives its
 * name and its selector.
 */
export interface ConsolidatedRule {
  rules: DestinationRule[];
  exportTo: readonly string[];
  selector?: Labels;
  policy?: TrafficPolicy;
  subsets: Subset[];
}

/** The consolidated rules of each host. */
export type RulesByHost = HostTable<ConsolidatedRule[]>;

/** The rules that clients find, by where they look (`destinationRuleIndex`). */
export interface DestinationRuleIndex {
  /** By namespace: what the namespace's own clients see first. */
  namespaceLocal: Map<string, RulesByHost>;
  /** By namespace: what other namespaces may see. */
  exportedByNamespace: Map<string, RulesByHost>;
  /** The root namespace's private rules, which only its own proxies follow. */
  rootNamespaceLocal: RulesByHost;
  /** The namespaces that have a rule of their own for a host. */
  namespacesByHost: HostTable<Set<string>>;
}

/** What the index depends on besides the rules. */
export interface IndexFacts {
  istioVersion: string;
  rootNamespace: string;
  defaultDestinationRuleExportTo: readonly string[];
}

function rulesIn(byNamespace: Map<string, RulesByHost>, namespace: string): RulesByHost {
  let rules = byNamespace.get(namespace);
  if (!rules) byNamespace.set(namespace, (rules = new HostTable()));
  return rules;
}

/** Rules with a workloadSelector come first, then the order of creation. */
function inIstiodsOrder(rules: readonly DestinationRule[], facts: IndexFacts): DestinationRule[] {
  const selectorsFirst = putsSelectorsFirst(facts);
  const rank = ({ selector }: DestinationRule) =>
    selectorsFirst && selector === undefined ? 1 : 0;
  return [...rules].sort((a, b) => rank(a) - rank(b) || byCreation(a, b));
}

/** Where clients look: in their own namespace, in another, or in the root namespace as its own clients. */
export type RuleTable = "own" | "exported" | "root";

/** Where clients find a rule. */
export function tablesOf(
  { ref, exportTo }: DestinationRule,
  { defaultDestinationRuleExportTo, rootNamespace }: IndexFacts,
): ReadonlySet<RuleTable> {
  const tables = new Set<RuleTable>();
  const own = exportTo.includes(".") || exportTo.includes(ref.namespace);
  if (exportTo.length === 0 || exportTo.includes("*") || own) tables.add("own");
  const privateByDefault = defaultDestinationRuleExportTo.includes(".");
  const isPrivate = exportTo.length === 0 ? privateByDefault : exportTo.length === 1 && own;
  if (!isPrivate) tables.add("exported");
  else if (ref.namespace === rootNamespace) tables.add("root");
  return tables;
}

/** The consolidated rules of a host with one more, the youngest so far. */
export function withRule(
  known: readonly ConsolidatedRule[],
  rule: DestinationRule,
  facts: IndexFacts,
): readonly ConsolidatedRule[] {
  const copies = known.map((one) => ({ ...one, rules: [...one.rules] }));
  const byHost: RulesByHost = new HostTable();
  if (copies.length > 0) byHost.set(rule.host, copies);
  const insert = keepsVisibilitiesApart(facts) ? insertApart : insertTogether;
  insert(byHost, rule);
  return byHost.get(rule.host) ?? [];
}

/** Puts every rule where clients look for it, oldest first, merging as istiod does. */
export function indexDestinationRules(
  rules: readonly DestinationRule[],
  facts: IndexFacts,
): DestinationRuleIndex {
  const index: DestinationRuleIndex = {
    namespaceLocal: new Map(),
    exportedByNamespace: new Map(),
    rootNamespaceLocal: new HostTable(),
    namespacesByHost: new HostTable(),
  };
  const insert = keepsVisibilitiesApart(facts) ? insertApart : insertTogether;
  for (const rule of inIstiodsOrder(rules, facts)) {
    const { namespace } = rule.ref;
    const tables = tablesOf(rule, facts);
    if (tables.has("own")) insert(rulesIn(index.namespaceLocal, namespace), rule);
    if (tables.has("exported")) insert(rulesIn(index.exportedByNamespace, namespace), rule);
    if (tables.has("root")) insert(index.rootNamespaceLocal, rule);
  }
  for (const [namespace, rules] of index.namespaceLocal) {
    for (const [host] of rules.entries()) {
      const known = index.namespacesByHost.get(host);
      if (known) known.add(namespace);
      else index.namespacesByHost.set(host, new Set([namespace]));
    }
  }
  return index;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function sameLabels(a: Labels, b: Labels): boolean {
  return fits(a, b) && fits(b, a);
}

/**
 * Inserts one rule: merged into every consolidated rule of the host that it is compatible with, and
 * kept as one of its own if the last that was looked at didn't take it whole.
 */
function insertApart(byHost: RulesByHost, rule: DestinationRule): void {
  const known = byHost.get(rule.host);
  if (!known) {
    byHost.set(rule.host, [consolidatedFrom(rule)]);
    return;
  }
  let separate = true;
  for (const consolidated of known) {
    const sameExport = sameSet(rule.exportTo, consolidated.exportTo);
    separate = !sameExport;
    const widens =
      consolidated.exportTo.length > 0 &&
      consolidated.exportTo.every((item) => rule.exportTo.includes(item));
    if (!sameExport && !widens) continue;
    const bothSelect = consolidated.selector && rule.selector;
    if (bothSelect && !sameLabels(consolidated.selector ?? {}, rule.selector ?? {})) {
      separate = true;
      continue;
    }
    if (bothSelect || (!consolidated.selector && !rule.selector)) separate = false;
    merge(consolidated, rule);
  }
  if (separate) known.push(consolidatedFrom(rule));
}

/**
 * The same up to Istio 1.23: whatever their exportTo, under that of the host's first rule that has one.
 * A rule that selects some workloads is merged into one for all as well, besides being one of its own.
 */
function insertTogether(byHost: RulesByHost, rule: DestinationRule): void {
  const known = byHost.get(rule.host) ?? [];
  const [first] = known;
  if (!first) {
    byHost.set(rule.host, [consolidatedFrom(rule)]);
    return;
  }
  let separate = true;
  for (const consolidated of known) {
    const alike = sameLabels(consolidated.selector ?? {}, rule.selector ?? {});
    if (consolidated.selector && rule.selector && !alike) continue;
    if ((!consolidated.selector && !rule.selector) || (rule.selector && alike)) separate = false;
    merge(consolidated, rule);
    if (first.exportTo.length > 0) continue;
    for (const other of known) other.exportTo = rule.exportTo;
  }
  if (separate) known.push({ ...consolidatedFrom(rule), exportTo: first.exportTo });
}

function consolidatedFrom(rule: DestinationRule): ConsolidatedRule {
  return {
    rules: [rule],
    exportTo: rule.exportTo,
    selector: rule.selector,
    policy: rule.policy,
    subsets: [...rule.subsets],
  };
}

/** New subset names are added; the policy is taken only where there is none at all. */
function merge(consolidated: ConsolidatedRule, rule: DestinationRule): void {
  consolidated.policy = mergedPolicy(consolidated, rule);
  consolidated.rules.push(rule);
  const known = new Set(consolidated.subsets.map((subset) => subset.name));
  const added = rule.subsets.filter((subset) => !known.has(subset.name));
  consolidated.subsets = [...consolidated.subsets, ...added];
}

/** Of rules and what istiod derives from policies, rules come first; of the same sort, the older. */
function mergedPolicy(
  { rules, policy }: ConsolidatedRule,
  rule: DestinationRule,
): TrafficPolicy | undefined {
  const yields = rules[0]?.yieldsToRules === true;
  if (yields === (rule.yieldsToRules === true)) return policy ?? rule.policy;
  return yields
    ? mergeTrafficPolicies(rule.policy, policy)
    : mergeTrafficPolicies(policy, rule.policy);
}

const NO_RULES: readonly ConsolidatedRule[] = [];

/** The rules for one host, as the clients of a namespace find them. */
export type RuleLookup = (clientNamespace: string) => readonly ConsolidatedRule[];

/**
 * Looks up the rules that hold for one host of a service, seen from a client's namespace: the
 * client's own namespace, else the service's, else the root namespace. The first of these with a match
 * decides, whatever its rules say (`destinationRule` in push_context.go).
 */
export function lookUpRules(
  index: DestinationRuleIndex,
  facts: IndexFacts,
  host: string,
  serviceNamespace: string,
): RuleLookup {
  const { rootNamespace } = facts;
  const byService = exportedFrom(index, serviceNamespace, host);
  const byRoot = exportedFrom(index, rootNamespace, host);
  const common = byService.length > 0 ? byService : byRoot;
  const isForAll = byService.every(isExportedEverywhere) && byRoot.every(isExportedEverywhere);
  const withOwn = index.namespacesByHost.allMatching(host);
  const own = (namespace: string) => {
    if (namespace === rootNamespace) return index.rootNamespaceLocal.mostSpecific(host);
    const hasOwn = withOwn.some((namespaces) => namespaces.has(namespace));
    return hasOwn ? index.namespaceLocal.get(namespace)?.mostSpecific(host) : undefined;
  };
  return (namespace) => {
    const found = own(namespace);
    if (found || isForAll) return found ?? common;
    const seen = byService.filter((rule) => isExportedTo(rule, namespace));
    return seen.length > 0 ? seen : byRoot.filter((rule) => isExportedTo(rule, namespace));
  };
}

/**
 * The namespaces whose clients may find other rules for a host than all others do; undefined where any may, or
 * where it depends on a client's labels.
 */
export function namespacesApart(
  index: DestinationRuleIndex,
  { rootNamespace }: IndexFacts,
  host: string,
  serviceNamespace: string,
): ReadonlySet<string> | undefined {
  const common = [serviceNamespace, rootNamespace].flatMap((from) =>
    exportedFrom(index, from, host),
  );
  if (!common.every((rule) => isExportedEverywhere(rule) && !rule.selector)) return undefined;
  const withOwn = index.namespacesByHost.allMatching(host).flatMap((own) => [...own]);
  return new Set([...withOwn, rootNamespace]);
}

function exportedFrom(
  index: DestinationRuleIndex,
  namespace: string,
  host: string,
): readonly ConsolidatedRule[] {
  return index.exportedByNamespace.get(namespace)?.mostSpecific(host) ?? NO_RULES;
}

function isExportedEverywhere({ exportTo }: Pick<ConsolidatedRule, "exportTo">): boolean {
  return exportTo.length === 0 || exportTo.includes("*");
}

export function isExportedTo(rule: Pick<ConsolidatedRule, "exportTo">, namespace: string): boolean {
  return isExportedEverywhere(rule) || rule.exportTo.includes(namespace);
}

/**
 * The one rule that a workload follows: the first whose selector fits it, else the last one
 * without a selector (`SidecarScope.DestinationRule`).
 */
export function chooseRule(
  rules: readonly ConsolidatedRule[],
  clientNamespace: string,
  labels: Labels,
): ConsolidatedRule | undefined {
  let catchAll: ConsolidatedRule | undefined;
  for (const rule of rules) {
    if (!rule.selector) catchAll = rule;
    else if (ownerOf(rule) === clientNamespace && fits(rule.selector, labels)) return rule;
  }
  return catchAll;
}

/** The namespace of the rule that a consolidated one is named after. */
function ownerOf(rule: ConsolidatedRule): string | undefined {
  return rule.rules[0]?.ref.namespace;
}
