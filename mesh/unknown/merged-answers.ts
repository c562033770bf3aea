import type { Outcome } from "../clusters/clusters.js";
import { indexBy } from "../input/plain.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Subset } from "../rules/traffic-policy.js";
import { isMutual } from "../verdicts/outcomes.js";
import { contentOf, type FoundRules } from "./rule-merges.js";

/** What may be the answer at each place (port and subset), as texts. */
export type Answers = ReadonlyMap<string, ReadonlySet<string>>;

/** Up to so many combinations are looked at. */
const MOST_COMBINATIONS = 2_000;

/**
 * What the rules that a client finds may come to, at most: whatever their order, what decides a place is the
 * policy of one of them and the subset of one of them. Not every combination need be possible. Undefined where
 * more than that decides: who is selected, and what yields to what.
 *
 * @param outcomesWith what holds with only some rules
 */
export function answersOfAnyMerge(
  groups: readonly FoundRules[],
  host: string,
  outcomesWith: (rules: readonly DestinationRule[]) => readonly Outcome[],
): Answers | undefined {
  const rules = groups.flatMap((group) => group.rules);
  const [first] = rules;
  if (!first || rules.some(({ selector, yieldsToRules }) => selector || yieldsToRules)) return;
  const policies = [undefined, ...distinct(rules.flatMap(({ policy }) => policy ?? []))];
  const named = indexBy(distinct(rules.flatMap(({ subsets }) => subsets)), ({ name }) => name);
  const subsets: (Subset | undefined)[] = [undefined, ...[...named.values()].flat()];
  if (policies.length * subsets.length > MOST_COMBINATIONS) return;
  const outcomes = policies.flatMap((policy) =>
    subsets.map((subset) =>
      outcomesWith([{ ...first, host, exportTo: ["*"], policy, subsets: subset ? [subset] : [] }]),
    ),
  );
  return answersIn([outcomesWith([]), ...outcomes]);
}

/** The answers at each place that any of several lists of outcomes has; where a list lacks it, that there is none. */
export function answersIn(lists: readonly (readonly Outcome[])[]): Answers {
  const known = lists.map(
    (outcomes) => new Map(outcomes.map((one) => [placeOf(one), answerOf(one)])),
  );
  const places = new Set(known.flatMap((answers) => [...answers.keys()]));
  return new Map(
    [...places].map((place) => [place, new Set(known.map((one) => one.get(place) ?? NONE))]),
  );
}

const WRONG = "wrong";
const NONE = "none";

function placeOf({ port, subset }: Outcome): string {
  return `${port}|${subset}`;
}

function answerOf(outcome: Outcome): string {
  return `${outcome.tls} ${isMutual(outcome) ? WRONG : ""}`;
}

/** Only whether they are wrong. */
export function verdictsOf(answers: Answers): Answers {
  const isWrong = (answer: string) => (answer.endsWith(WRONG) ? WRONG : "");
  return new Map([...answers].map(([place, texts]) => [place, new Set([...texts].map(isWrong))]));
}

/** Whether there is no place with more than one. */
export function areSingle(answers: Answers): boolean {
  return [...answers.values()].every(({ size }) => size === 1);
}

/** Whether all answers that may be were found. */
export function isCovered(possible: Answers, found: Answers): boolean {
  return [...possible].every(([place, texts]) => {
    const known = found.get(place) ?? new Set([NONE, ""]);
    return [...texts].every((text) => known.has(text));
  });
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((one) => [contentOf(one), one])).values()];
}
