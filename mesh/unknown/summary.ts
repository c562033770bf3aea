import type { Outcome } from "../clusters/clusters.js";
import { type ObjectRef, refText, type UnknownValue } from "../input/kube-object.js";
import { compareText, groupBy } from "../input/plain.js";
import type { Assessment } from "../verdicts/assessment.js";
import type { CompletedValue, Verdict, Witness } from "../verdicts/verdict.js";
import { valuesOf, type Assignment, type Choice } from "./choices.js";

/** What holds for the places of a host in one world, with the choices that make it. */
export interface PossibleWorld {
  host: string;
  assignment: Assignment;
  oldestFirst: readonly (readonly ObjectRef[])[];
  /** By host, port and subset. */
  places: ReadonlyMap<string, Assessment>;
}

/** Why something is undecided without a completion that goes wrong. */
export const NOT_ALL_VALUES = "more values aren't known than can be tried in all combinations";
/** The same where all values are known. */
export const NOT_ALL_ORDERS = "there are more orders of creation than can be tried";

interface Certainty {
  /** Every possible world is among them. */
  isComplete: boolean;
  /** Nothing else decides which TLS there is. */
  isTlsCertain: boolean;
}

/** What one place is in each world; absent: nothing is there, so nothing is wrong. */
type PlaceWorld = Pick<PossibleWorld, "assignment" | "oldestFirst"> & { found?: Assessment };

/**
 * What all worlds together say of each host, port and subset: it is decided if they agree. Where
 * not every world was tried, only what is wrong in all that were is decided.
 */
export function summarize(
  worlds: readonly PossibleWorld[],
  choices: readonly Choice[],
  certainty: Certainty,
): Assessment[] {
  const hostByPlace = new Map(
    worlds.flatMap(({ host, places }) => [...places.keys()].map((place) => [place, host])),
  );
  const inOrder = [...hostByPlace].sort(([a], [b]) => compareText(a, b));
  return inOrder.flatMap(([place, host]) => {
    const ofHost = worlds.filter((world) => world.host === host);
    const withHost = new Set(ofHost.map(({ assignment }) => assignment));
    const without = worlds.filter(({ assignment }) => !withHost.has(assignment));
    const there = ofHost.map(({ assignment, oldestFirst, places }): PlaceWorld => ({
      assignment,
      oldestFirst,
      found: places.get(place),
    }));
    // In a world without the host no order matters.
    const absent = without.map(({ assignment }): PlaceWorld => ({ assignment, oldestFirst: [] }));
    return summaryOf([...there, ...absent], choices, certainty);
  });
}

function summaryOf(
  worlds: readonly PlaceWorld[],
  choices: readonly Choice[],
  { isComplete, isTlsCertain }: Certainty,
): Assessment[] {
  const found = worlds.flatMap((world) => world.found ?? []);
  const shown = found.find((one) => one.verdict !== "ok") ?? found[0];
  if (!shown) return [];
  const isTlsKnown =
    isTlsCertain &&
    isComplete &&
    found.length === worlds.length &&
    found.every(({ outcome }) => outcome.tls === shown.outcome.tls);
  const summary: Assessment = {
    ...shown,
    outcome: isTlsKnown ? shown.outcome : withoutTls(shown.outcome),
    isLive: found.some(({ isLive }) => isLive),
  };
  const verdicts = new Set(worlds.map(verdictIn));
  const [verdict = "ok", ...others] = verdicts;
  if (others.length === 0 && verdict !== "undecided") {
    if (isComplete || verdict === "violation") return [summary];
    const unknowns = choices.flatMap((choice) => choice.unknowns);
    const reason = unknowns.length > 0 ? NOT_ALL_VALUES : NOT_ALL_ORDERS;
    return [{ ...summary, verdict: "undecided", unknowns, reason, witnesses: [] }];
  }
  if (others.length === 0 && choices.length === 0 && worlds.length === 1) return [summary];
  const pair = nearestPair(worlds, choices);
  const reason = others.length === 0 ? "" : orderReason(pair);
  return [
    {
      ...summary,
      verdict: "undecided",
      unknowns: [...decidingValues(worlds, choices, pair)],
      ...(reason !== "" && { reason }),
      witnesses: pair.map((one) => witnessOf(one, choices)),
    },
  ];
}

function verdictIn({ found }: PlaceWorld): Verdict["verdict"] {
  return found?.verdict ?? "ok";
}

function withoutTls(outcome: Outcome): Outcome {
  const { port, subset, saysIstioMutual, origin, level } = outcome;
  return {
    port,
    subset,
    saysIstioMutual,
    ...(origin && { origin }),
    ...(level && { level }),
  };
}

/** A world, with the answer that it gives if what isn't known of the alias turns out one way. */
interface Answered {
  world: PlaceWorld;
  verdict: Witness["verdict"];
}

/** Two worlds with different answers that differ in as little as may be. */
function nearestPair(
  worlds: readonly PlaceWorld[],
  choices: readonly Choice[],
): [Answered, Answered] {
  const ok = withVerdict(worlds, "ok");
  const wrong = withVerdict(worlds, "violation");
  let nearest: [Answered, Answered] | undefined;
  let least = Infinity;
  for (const a of ok) {
    for (const b of wrong) {
      const distance = distanceOf(a.world, b.world, choices);
      if (distance < least) [least, nearest] = [distance, [a, b]];
    }
  }
  return nearest as [Answered, Answered];
}

/** So many worlds of each answer are compared with each other. */
const MOST_COMPARED = 200;

function withVerdict(worlds: readonly PlaceWorld[], verdict: Witness["verdict"]): Answered[] {
  const certain = worlds.filter((world) => verdictIn(world) === verdict);
  // That a place isn't there at all says least: its port may be another one that is there.
  const there = certain.filter(({ found }) => found !== undefined);
  const open = worlds.filter(isUndecided);
  const [fitting = []] = [there, open, certain].filter((some) => some.length > 0);
  return fitting.slice(0, MOST_COMPARED).map((world) => ({ world, verdict }));
}

function isUndecided(world: PlaceWorld): boolean {
  return verdictIn(world) === "undecided";
}

/** How many values differ and, counted less, whether orders do. */
function distanceOf(a: PlaceWorld, b: PlaceWorld, choices: readonly Choice[]): number {
  return differingValues(a, b, choices).length * 2 + (sameOrders(a, b) ? 0 : 1);
}

/** The places that have another value in another world. */
function differingValues(a: PlaceWorld, b: PlaceWorld, choices: readonly Choice[]): UnknownValue[] {
  return choices.flatMap((choice, index) =>
    differingIn(choice, a.assignment[index] ?? 0, b.assignment[index] ?? 0),
  );
}

function differingIn({ unknowns, options }: Choice, a: number, b: number): readonly UnknownValue[] {
  if (a === b) return [];
  const [one, other] = [options[a]?.values ?? [], options[b]?.values ?? []];
  return unknowns.filter((_, place) => textOf(one[place]) !== textOf(other[place]));
}

function textOf(value: CompletedValue | undefined): string {
  return JSON.stringify([value?.isAbsent, value?.value]);
}

function sameOrders(a: PlaceWorld, b: PlaceWorld): boolean {
  return JSON.stringify(a.oldestFirst) === JSON.stringify(b.oldestFirst);
}

function witnessOf({ world, verdict }: Answered, choices: readonly Choice[]): Witness {
  const witness: Witness = {
    verdict,
    values: valuesOf(choices, world.assignment),
    oldestFirst: world.oldestFirst,
  };
  if (isUndecided(world)) witness.leadsOutside = verdict === "violation";
  return witness;
}

/**
 * The values that make a difference: two worlds that differ in one of them only have different answers. Where it
 * takes several at once, those of the witnesses.
 */
function decidingValues(
  worlds: readonly PlaceWorld[],
  choices: readonly Choice[],
  [a, b]: readonly [Answered, Answered],
): readonly UnknownValue[] {
  const byAssignment = new Map<string, { assignment: Assignment; verdicts: Set<string> }>();
  for (const world of worlds) {
    const key = world.assignment.join();
    const known = byAssignment.get(key);
    if (known) known.verdicts.add(verdictIn(world));
    else {
      const { assignment } = world;
      byAssignment.set(key, { assignment, verdicts: new Set([verdictIn(world)]) });
    }
  }
  const answers = [...byAssignment.values()].map(({ assignment, verdicts }) => ({
    assignment,
    answer: [...verdicts].sort().join(),
  }));
  const deciding = choices.flatMap((choice, index) => [...decidingIn(choice, index, answers)]);
  return deciding.length > 0 ? deciding : differingValues(a.world, b.world, choices);
}

interface Answer {
  assignment: Assignment;
  answer: string;
}

/** Of one object, the values that by themselves make a difference. */
function decidingIn(choice: Choice, index: number, answers: readonly Answer[]): UnknownValue[] {
  const found = new Set<UnknownValue>();
  for (const alike of groupBy(answers, ({ assignment }) => assignment.with(index, -1).join())) {
    for (const one of alike) {
      for (const other of alike) {
        if (found.size === choice.unknowns.length) break;
        if (one.answer === other.answer) continue;
        const places = differingIn(
          choice,
          one.assignment[index] ?? 0,
          other.assignment[index] ?? 0,
        );
        const [place] = places;
        if (place && places.length === 1) found.add(place);
      }
    }
  }
  return choice.unknowns.filter((place) => found.has(place));
}

/** Says which objects' age makes the difference, where it does. */
function orderReason([a, b]: readonly [Answered, Answered]): string {
  const orders = [a.world, b.world].map(({ oldestFirst }) => oldestFirst);
  const groups = new Map<string, Set<string>>();
  for (const order of orders.flat()) {
    const names = order.map(refText).sort();
    const texts = groups.get(names.join(", ")) ?? new Set();
    groups.set(names.join(", "), texts.add(order.map(refText).join()));
  }
  const isSame = a.world.assignment.join() === b.world.assignment.join();
  return [...groups]
    .filter(([, texts]) => isSame && texts.size > 1)
    .map(([names]) => `which of ${names} is older isn't known, and the older one counts`)
    .join("; ");
}
