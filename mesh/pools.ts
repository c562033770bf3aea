import { byCreation, fits, type Labels } from "./fields.js";
import { HostTable } from "./hosts.js";
import { filledIn, type Subset, type TrafficPolicy } from "./policy.js";
import type { Rule } from "./rules.js";

/**
 * The pools that istiod looks rules up in, and how rules of one host are merged into their entries
 * (pilot/pkg/model/push_context.go `setDestinationRules`, pilot/pkg/model/destination_rule.go).
 */

/** Rules of one host that istiod has merged into one. The first gives its name and its selector. */
export interface PoolEntry {
  rules: Rule[];
  exportTo: readonly string[];
  selector?: Labels;
  policy?: TrafficPolicy;
  subsets: Subset[];
}

export type Pool = HostTable<PoolEntry[]>;

export interface Pools {
  /** By namespace: what the namespace's own clients see first. */
  local: Map<string, Pool>;
  /** By namespace: what other namespaces may see. */
  exported: Map<string, Pool>;
  /** The root namespace's private rules, which only its own proxies follow. */
  rootPrivate: Pool;
  /** The namespaces whose local pool has a host. */
  namespacesByHost: HostTable<Set<string>>;
}

/** What the pools need to know of the mesh. */
export interface PoolFacts {
  rootNamespace: string;
  defaultDestinationRuleExportTo: readonly string[];
}

function poolOf(pools: Map<string, Pool>, namespace: string): Pool {
  let pool = pools.get(namespace);
  if (!pool) pools.set(namespace, (pool = new HostTable()));
  return pool;
}

/** Rules with a workloadSelector come first, then the order of creation. */
function inIstiodsOrder(rules: readonly Rule[]): Rule[] {
  return [...rules].sort(
    (a, b) =>
      Number(a.selector === undefined) - Number(b.selector === undefined) || byCreation(a, b),
  );
}

/** Puts every rule into its pools, oldest first, merging as istiod does. */
export function buildPools(rules: readonly Rule[], facts: PoolFacts): Pools {
  const pools: Pools = {
    local: new Map(),
    exported: new Map(),
    rootPrivate: new HostTable(),
    namespacesByHost: new HostTable(),
  };
  const privateByDefault = facts.defaultDestinationRuleExportTo.includes(".");
  for (const rule of inIstiodsOrder(rules)) {
    const namespace = rule.ref.namespace;
    const { exportTo } = rule;
    const own = exportTo.includes(".") || exportTo.includes(namespace);
    if (exportTo.length === 0 || exportTo.includes("*") || own) {
      insert(poolOf(pools.local, namespace), rule);
    }
    const isPrivate = exportTo.length === 0 ? privateByDefault : exportTo.length === 1 && own;
    if (!isPrivate) insert(poolOf(pools.exported, namespace), rule);
    else if (namespace === facts.rootNamespace) insert(pools.rootPrivate, rule);
  }
  for (const [namespace, pool] of pools.local) {
    for (const [host] of pool.entries()) {
      const known = pools.namespacesByHost.get(host);
      if (known) known.add(namespace);
      else pools.namespacesByHost.set(host, new Set([namespace]));
    }
  }
  return pools;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function sameLabels(a: Labels, b: Labels): boolean {
  return fits(a, b) && fits(b, a);
}

/**
 * Inserts one rule into a pool: merged into every entry of the host that it is compatible with,
 * and kept as an entry of its own if the last entry that was looked at didn't take it whole.
 */
function insert(pool: Pool, rule: Rule): void {
  const entries = pool.get(rule.host);
  if (!entries) {
    pool.set(rule.host, [newEntry(rule)]);
    return;
  }
  let separate = true;
  for (const entry of entries) {
    const sameExport = sameSet(rule.exportTo, entry.exportTo);
    separate = !sameExport;
    const widens =
      entry.exportTo.length > 0 && entry.exportTo.every((item) => rule.exportTo.includes(item));
    if (!sameExport && !widens) continue;
    const bothSelect = entry.selector && rule.selector;
    if (bothSelect && !sameLabels(entry.selector ?? {}, rule.selector ?? {})) {
      separate = true;
      continue;
    }
    if (bothSelect || (!entry.selector && !rule.selector)) separate = false;
    merge(entry, rule);
  }
  if (separate) entries.push(newEntry(rule));
}

function newEntry(rule: Rule): PoolEntry {
  return {
    rules: [rule],
    exportTo: rule.exportTo,
    selector: rule.selector,
    policy: rule.policy,
    subsets: [...rule.subsets],
  };
}

/** New subset names are added; the policy is taken only by an entry that has none at all. */
function merge(entry: PoolEntry, rule: Rule): void {
  entry.policy = mergedPolicy(entry, rule);
  entry.rules.push(rule);
  const known = new Set(entry.subsets.map((subset) => subset.name));
  entry.subsets.push(...rule.subsets.filter((subset) => !known.has(subset.name)));
}

/** Of rules and what istiod derives from policies, rules come first; of the same sort, the older. */
function mergedPolicy({ rules, policy }: PoolEntry, rule: Rule): TrafficPolicy | undefined {
  const isFilling = rules[0]?.fillsIn === true;
  if (isFilling === (rule.fillsIn === true)) return policy ?? rule.policy;
  return isFilling ? filledIn(rule.policy, policy) : filledIn(policy, rule.policy);
}

const NO_ENTRIES: readonly PoolEntry[] = [];

/** The rules for one host, as the clients of a namespace find them. */
export type LookUp = (clientNamespace: string) => readonly PoolEntry[];

/**
 * Looks up the entries that hold for one host of a service, seen from a client's namespace: the
 * client's own namespace, else the service's, else the root namespace. The first pool with a match
 * decides, whatever its rules say (`destinationRule` in push_context.go).
 */
export function lookUp(
  pools: Pools,
  facts: PoolFacts,
  host: string,
  serviceNamespace: string,
): LookUp {
  const { rootNamespace } = facts;
  const byService = exportedFrom(pools, serviceNamespace, host);
  const byRoot = exportedFrom(pools, rootNamespace, host);
  const common = byService.length > 0 ? byService : byRoot;
  const isForAll = byService.every(isExportedEverywhere) && byRoot.every(isExportedEverywhere);
  const withOwn = pools.namespacesByHost.allMatching(host);
  const own = (namespace: string) => {
    if (namespace === rootNamespace) return pools.rootPrivate.mostSpecific(host);
    const hasOwn = withOwn.some((namespaces) => namespaces.has(namespace));
    return hasOwn ? pools.local.get(namespace)?.mostSpecific(host) : undefined;
  };
  return (namespace) => {
    const found = own(namespace);
    if (found || isForAll) return found ?? common;
    const seen = byService.filter((entry) => isExportedTo(entry, namespace));
    return seen.length > 0 ? seen : byRoot.filter((entry) => isExportedTo(entry, namespace));
  };
}

function exportedFrom(pools: Pools, namespace: string, host: string): readonly PoolEntry[] {
  return pools.exported.get(namespace)?.mostSpecific(host) ?? NO_ENTRIES;
}

function isExportedEverywhere({ exportTo }: PoolEntry): boolean {
  return exportTo.length === 0 || exportTo.includes("*");
}

function isExportedTo(entry: PoolEntry, namespace: string): boolean {
  return isExportedEverywhere(entry) || entry.exportTo.includes(namespace);
}

/**
 * The one entry that a workload follows: the first whose selector fits it, else the last one
 * without a selector (`SidecarScope.DestinationRule`).
 */
export function choose(
  entries: readonly PoolEntry[],
  clientNamespace: string,
  labels: Labels,
): PoolEntry | undefined {
  let catchAll: PoolEntry | undefined;
  for (const entry of entries) {
    if (!entry.selector) catchAll = entry;
    else if (ownerOf(entry) === clientNamespace && fits(entry.selector, labels)) return entry;
  }
  return catchAll;
}

/** The namespace of the rule that an entry is named after. */
function ownerOf(entry: PoolEntry): string | undefined {
  return entry.rules[0]?.ref.namespace;
}
