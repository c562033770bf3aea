import { keepsVisibilitiesApart, putsSelectorsFirst } from "../input/istio-version.js";
import type { Plain } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import {
  isExportedTo,
  withRule,
  type ConsolidatedRule,
  type RuleTable,
} from "../rules/destination-rule-index.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import { isUnordered, nextOf, olderThan, possibleOrders, type Aged } from "./creation-order.js";

/** Rules of one host and namespace, and who looks for them where. */
export interface FoundRules {
  rules: readonly DestinationRule[];
  table: RuleTable;
  clientNamespace: string;
}

/** Orders in which rules merge to something different. */
export interface Merges {
  orders: Aged<DestinationRule>[][];
  /** False: there are more than were tried. */
  isComplete: boolean;
}

/** In which order the rules of one host and namespace merge, as far as a client is told different things. */
export function mergesOf(mesh: Mesh, found: FoundRules, mostStates: number): Merges {
  const { rules } = found;
  if (mergeIntoOne(rules)) {
    // The oldest policy and, of each subset, the oldest of that name: two rules decide a place.
    return { orders: possibleOrders(agedRules(rules), { limit: 24, depth: 2 }), isComplete: true };
  }
  const names = new Set(rules.flatMap(({ subsets }) => subsets.map(({ name }) => name)));
  const merges = [...(names.size > 0 ? names : [""])].map((subset) =>
    new Merging(mesh, found, subset).run(mostStates),
  );
  return {
    orders: merges.flatMap(({ orders }) => orders),
    isComplete: merges.every(({ isComplete }) => isComplete),
  };
}

function agedRules(rules: readonly DestinationRule[]): Aged<DestinationRule>[] {
  return rules.map((value) => ({ value, object: value.object, content: ruleContent(value) }));
}

/** Whether the rules that a client finds are put together in another way for each order. */
export function dependOnOrder({ rules }: FoundRules): boolean {
  return isUnordered(rules.map(({ object }) => object));
}

/** Rules that are exported alike and select nothing make one rule, whatever their order. */
function mergeIntoOne([first, ...others]: readonly DestinationRule[]): boolean {
  const isPlain = ({ selector, yieldsToRules }: DestinationRule) => !selector && !yieldsToRules;
  const exported = (rule: DestinationRule | undefined) => rule?.exportTo.join();
  return [first, ...others].every(
    (rule) => rule && isPlain(rule) && exported(rule) === exported(first),
  );
}

/** Rules that were merged in some order. */
interface State {
  order: readonly Aged<DestinationRule>[];
  merged: readonly ConsolidatedRule[];
}

/**
 * Merges rule by rule, in each order that may be: what was merged from the same rules with the same
 * result goes on as one. What is asked about is what a client is told of one subset, and without a
 * subset, so that only what decides these is kept apart.
 */
class Merging {
  private readonly group: readonly Aged<DestinationRule>[];
  private readonly originals: ReadonlyMap<Plain, DestinationRule>;
  private readonly before: ReadonlyMap<Aged<DestinationRule>, readonly Aged<DestinationRule>[]>;
  private readonly places: ReadonlyMap<Aged<DestinationRule>, number>;
  private readonly contents = new WeakMap<object, string>();
  private readonly numbers = new Map<string, string>();

  constructor(
    private readonly mesh: Mesh,
    private readonly found: FoundRules,
    private readonly subset: string,
  ) {
    this.group = agedRules(found.rules.map((rule) => this.asSeen(rule)));
    this.originals = new Map(found.rules.map((rule) => [rule.object, rule]));
    this.before = olderThan(this.group);
    this.places = new Map(this.group.map((one, place) => [one, place]));
  }

  run(mostStates: number): Merges {
    let states: State[] = [{ order: [], merged: [] }];
    let followed = 0;
    for (let step = 0; step < this.group.length; step++) {
      const next = new Map<string, State>();
      for (const state of states) {
        const rest = this.restOf(state);
        for (const rule of this.following(rest)) {
          const longer = this.follow(state, rule);
          const key = this.keyOf(longer, rest);
          if (!next.has(key)) next.set(key, longer);
        }
      }
      states = [...next.values()];
      followed += states.length;
      if (followed > mostStates) return { orders: this.likelyOrders(), isComplete: false };
    }
    const orders = states.map(({ order }) => order.map((one) => this.original(one)));
    return { orders, isComplete: true };
  }

  /** Any rule in the last place that a client may follow, with any other to add what it leaves open. */
  private likelyOrders(): Aged<DestinationRule>[][] {
    const all = this.group.map((one) => this.original(one));
    const isAgeKnown = [...this.before.values()].some((older) => older.length > 0);
    if (isAgeKnown) return possibleOrders(all, { limit: 24, depth: 2 });
    const others = (...some: unknown[]) => all.filter((one) => !some.includes(one));
    return all.flatMap((first) =>
      others(first).map((next) => [...others(first, next), first, next]),
    );
  }

  private original(one: Aged<DestinationRule>): Aged<DestinationRule> {
    return { ...one, value: this.originals.get(one.object) ?? one.value };
  }

  /** A rule with what it says of the subset; of one that the client doesn't see only whether it is there matters. */
  private asSeen(rule: DestinationRule): DestinationRule {
    const subsets = rule.subsets.filter(({ name }) => name === this.subset);
    if (this.sees(rule) || !keepsVisibilitiesApart(this.mesh.facts)) return { ...rule, subsets };
    return { ...rule, policy: undefined, subsets: [] };
  }

  private sees(rule: Pick<ConsolidatedRule, "exportTo">): boolean {
    const { table, clientNamespace } = this.found;
    return table !== "exported" || isExportedTo(rule, clientNamespace);
  }

  private restOf({ order }: State): Aged<DestinationRule>[] {
    const merged = new Set(order);
    return this.group.filter((one) => !merged.has(one));
  }

  /** Rules that may be the next: where those with a selector come first, whatever their age. */
  private following(rest: readonly Aged<DestinationRule>[]): Aged<DestinationRule>[] {
    const selecting = putsSelectorsFirst(this.mesh.facts)
      ? rest.filter(({ value }) => value.selector !== undefined)
      : [];
    const sameSort = selecting.length > 0 ? selecting : rest;
    return nextOf(sameSort, this.before).filter((one) =>
      (this.before.get(one) ?? []).every((older) => !sameSort.includes(older)),
    );
  }

  private follow({ order, merged }: State, rule: Aged<DestinationRule>): State {
    return {
      order: [...order, rule],
      merged: this.counting(withRule(merged, rule.value, this.mesh.facts)),
    };
  }

  /**
   * What a client may still follow: the last without a selector that it sees, and the first of each selector. Of
   * the last of all, what it is exported to decides whether the next rule joins it.
   */
  private counting(merged: readonly ConsolidatedRule[]): readonly ConsolidatedRule[] {
    if (!keepsVisibilitiesApart(this.mesh.facts)) return merged;
    const catchAll = merged.findLast((one) => !one.selector && this.sees(one));
    const selectors = new Set<string>();
    return merged.flatMap((one, index) => {
      const selector = one.selector && JSON.stringify(one.selector);
      if (one === catchAll || (selector && selectors.size < selectors.add(selector).size)) {
        return [one];
      }
      return index === merged.length - 1 ? [{ ...one, policy: undefined, subsets: [] }] : [];
    });
  }

  private keyOf({ order, merged }: State, rest: readonly Aged<DestinationRule>[]): string {
    const left = rest.filter((one) => one !== order.at(-1)).map((one) => this.places.get(one));
    const texts = merged.map(({ exportTo, selector, policy, subsets, rules }) =>
      [
        exportTo.join(),
        selector ? JSON.stringify(selector) : "",
        this.contentOf(policy),
        ...subsets.map((one) => this.contentOf(one)),
        rules[0]?.yieldsToRules === true,
      ].join("/"),
    );
    return `${left.join()}|${texts.join("|")}`;
  }

  /** A short text that only values of the same content have. */
  private contentOf(value: object | undefined): string {
    if (!value) return "";
    let number = this.contents.get(value);
    if (number === undefined) {
      const content = contentOf(value);
      number = this.numbers.get(content) ?? String(this.numbers.size);
      this.numbers.set(content, number);
      this.contents.set(value, number);
    }
    return number;
  }
}

/** What a rule says, without whose it is and when it was written. */
export function ruleContent(rule: DestinationRule): string {
  return contentOf(rule);
}

/** A value as text, without where it was written and when. */
export function contentOf(value: unknown): string {
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
