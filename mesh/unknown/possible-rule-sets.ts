import { isCoveredBy } from "../input/hosts.js";
import { NAMELESS, type Plain } from "../input/plain.js";
import { sortByKind } from "../input/kinds.js";
import { readDestinationRule, type DestinationRule } from "../rules/destination-rule.js";
import {
  combinationsOf,
  type Assignment,
  type Assignments,
  type Choice,
  type ContentOf,
} from "./choices.js";
import { ruleContent } from "./rule-merges.js";
import type { RelevantObjects } from "./relevant-objects.js";

/** Rules as they may turn out to be, with the options that make them so. */
export interface RuleSet {
  assignment: Assignment;
  rules: readonly DestinationRule[];
}

/** The rules of a mesh of which some aren't all known, in every way that makes a difference. */
export interface RuleSets {
  all: RuleSet[];
  /** False: there are more than were tried. */
  isComplete: boolean;
}

/** Reads a rule; undefined where it is about hosts that aren't judged, or for another revision. */
export type ReadRule = (object: Plain) => DestinationRule | undefined;

/** Reads the rules that may matter to a candidate. */
export function ruleReader({ hosts, mayBeAnyHost, facts }: RelevantObjects): ReadRule {
  return (object) => {
    const [own] = sortByKind([object], facts.revision).DestinationRule;
    const rule = own && readDestinationRule(own, facts.clusterDomain);
    const isAbout = rule && (mayBeAnyHost || hosts.some((host) => isCoveredBy(host, rule.host)));
    return isAbout ? rule : undefined;
  };
}

/** All that a rule decides. */
export function contentBy(readRule: ReadRule): ContentOf {
  return (object) => {
    const rule = readRule(object);
    return rule ? JSON.stringify(rule.ref) + ruleContent(rule) : "";
  };
}

/** Up to so many combinations are all tried, whatever the rules are. */
const ALL = 256;

/** Where it takes all combinations, so many are tried. */
const MOST = 4096;

/** Reads rules in every way in which what isn't known of them may make a difference. */
export function ruleSetsOf(
  objects: readonly Plain[],
  choices: readonly Choice[],
  readRule: ReadRule,
): RuleSets {
  const partial = new Set(choices.map(({ object }) => object));
  const known = objects
    .filter((object) => !partial.has(object))
    .flatMap((object) => readRule(object) ?? []);
  const read = choices.map(({ options }) => options.map(({ object }) => readRule(object)));
  const areSimple = mergeIntoOne([...known, ...read.flat()]);
  const { all, isComplete } = assignmentsOf(areSimple, read, choices);
  const sets = all.map((assignment) => {
    const chosen = read.flatMap((options, index) => options[assignment[index] ?? 0] ?? []);
    const rules = [...known, ...chosen];
    return { assignment, rules: areSimple ? withoutDoubles(rules) : rules };
  });
  return { all: sets, isComplete };
}

/** Of rules without an age that say the same of one host, one stands for all: the others add nothing to it. */
function withoutDoubles(rules: readonly DestinationRule[]): DestinationRule[] {
  const said = new Set<string>();
  return rules.filter((rule) => {
    if (rule.created !== 0) return true;
    const text = `${rule.ref.namespace} ${ruleContent(rule)}`;
    return said.size !== said.add(text).size;
  });
}

type Read = DestinationRule | undefined;

function assignmentsOf(
  areSimple: boolean,
  read: readonly (readonly Read[])[],
  choices: readonly Choice[],
): Assignments {
  const count = choices.reduce((product, { options }) => product * options.length, 1);
  const weakest = read.map(weakestOf);
  const isByTwo = areSimple && !weakest.includes(-1);
  return count > ALL && isByTwo ? pairs(choices, weakest) : combinationsOf(choices, MOST);
}

/**
 * What holds at a place is decided by two rules, that of the oldest policy and that of the oldest subset of the
 * name, as long as rules merge whatever their order. The others may say as little as they can.
 */
function pairs(choices: readonly Choice[], weakest: readonly number[]): Assignments {
  const one = choices.flatMap(({ options }, index) =>
    options.flatMap((_, option) => (option === weakest[index] ? [] : [{ index, option }])),
  );
  const all: Assignment[] = [weakest];
  one.forEach((first, place) => {
    const changed = weakest.with(first.index, first.option);
    all.push(changed);
    for (const second of one.slice(place + 1)) {
      if (second.index !== first.index) all.push(changed.with(second.index, second.option));
    }
  });
  return { all, isComplete: true };
}

/** Whether rules of a namespace are exported alike and select nothing, so that those of a host make one. */
function mergeIntoOne(rules: readonly Read[]): boolean {
  const exported = new Map<string, string>();
  return rules.every((rule) => {
    if (!rule) return true;
    const { ref, exportTo, selector, yieldsToRules } = rule;
    if (selector || yieldsToRules || ref.namespace === NAMELESS) return false;
    const text = exportTo.join();
    if (!exported.has(ref.namespace)) exported.set(ref.namespace, text);
    return exported.get(ref.namespace) === text;
  });
}

/** The option that says no more than any other; -1 where none is. */
function weakestOf(options: readonly Read[]): number {
  return options.findIndex((one) => options.every((other) => saysNoMore(one, other)));
}

function saysNoMore(one: Read, other: Read): boolean {
  if (!one) return true;
  if (!other || one.host !== other.host || one.ref.namespace !== other.ref.namespace) return false;
  const names = new Set(other.subsets.map(({ name }) => name));
  return (
    (!one.policy || other.policy !== undefined) && one.subsets.every(({ name }) => names.has(name))
  );
}
