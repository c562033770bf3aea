import { items, refOf, type Plain } from "../input/plain.js";
import type { UnknownValue } from "../input/kube-object.js";
import { ABSENT, pathText, withValue, type Path } from "../input/unknowns.js";
import type { Client } from "../scope/client.js";
import type { CompletedValue } from "../verdicts/verdict.js";
import { completionContext } from "./completion-context.js";
import { completionsOf } from "./completions/completions.js";
import type { CompletionContext } from "./completions/values.js";
import type { RelevantObjects } from "./relevant-objects.js";
import type { VisibleObjects } from "./visible-objects.js";

/** An object of which values aren't known, with the ways of completing it that make a difference. */
export interface Choice {
  /** The object as it is known. */
  object: Plain;
  /** The places that aren't known. */
  unknowns: readonly UnknownValue[];
  options: readonly Option[];
}

/** One way of completing an object. */
export interface Option {
  object: Plain;
  /** The value of each of the choice's places, in their order. */
  values: readonly CompletedValue[];
}

/** Says what of a completed object matters: two with the same text are one option. */
export type ContentOf = (object: Plain) => string;

/** The ways of completing each of some objects of which something isn't known. */
export function choicesIn(
  relevant: RelevantObjects,
  visible: VisibleObjects,
  client: Client,
  objects: readonly Plain[],
  contentOf: ContentOf,
): Choice[] {
  const { partialObjects } = relevant.uncertainty;
  const partial = objects.filter((object) => partialObjects.has(object));
  if (partial.length === 0) return [];
  const context = completionContext(relevant, visible, client);
  return partial.flatMap((object) => {
    const paths = (partialObjects.get(object)?.paths ?? []).filter(
      (path) => completionsOf(object, path, context).length > 0,
    );
    if (paths.length === 0) return [];
    const unknowns = paths.map((path) => ({ object: refOf(object), path: pathText(path) }));
    return [{ object, unknowns, options: optionsOf(object, paths, context, contentOf) }];
  });
}

/**
 * Completes place after place. What is open in between stands there by the name of its place, so that
 * completions that are alike so far go on as one. From the last place on: a field that is taken away
 * moves no other.
 */
function optionsOf(
  object: Plain,
  paths: readonly Path[],
  context: CompletionContext,
  contentOf: ContentOf,
): Option[] {
  const open = paths.reduce<Plain>(
    (marked, path) => withValue(marked, path, `\u0000${pathText(path)}`),
    object,
  );
  const name = refOf(object);
  let options: Option[] = [{ object: open, values: [] }];
  for (const path of paths.toReversed()) {
    const place = { object: name, path: pathText(path) };
    const next = new Map<string, Option>();
    for (const before of options) {
      for (const value of completionsOf(object, path, context)) {
        const completed = withValue(before.object, path, value);
        const key = asSet(completed);
        if (next.has(key)) continue;
        const said = value === ABSENT ? { ...place, isAbsent: true as const } : { ...place, value };
        next.set(key, { object: completed, values: [said, ...before.values] });
      }
    }
    options = [...next.values()];
  }
  const distinct = new Map<string, Option>();
  for (const option of options) {
    const key = contentOf(option.object);
    if (!distinct.has(key)) distinct.set(key, option);
  }
  return [...distinct.values()];
}

/** An object as text. Of endpoints only the first has a place of its own; the others are a set. */
export function asSet(object: unknown): string {
  return JSON.stringify(object, (field, value: unknown) => {
    if (!SETS.includes(field) || !Array.isArray(value)) return value;
    const [first, ...others] = items(value).map(asSet);
    return first === undefined ? [] : [first, ...[...new Set(others)].sort()];
  });
}

const SETS = ["endpoints", "addresses", "subsets"];

/** Which option of each choice. */
export type Assignment = readonly number[];

/** What was chosen, and whether that is every combination. */
export interface Assignments {
  all: Assignment[];
  isComplete: boolean;
}

/**
 * Every combination of options or, where there are more than `most`, the ones that differ from the
 * first in one option, then in two, as far as the number goes.
 */
export function combinationsOf(choices: readonly Choice[], most: number): Assignments {
  const count = choices.reduce((product, { options }) => product * options.length, 1);
  if (count <= most) {
    const all = choices.reduce<Assignment[]>(
      (before, { options }) => options.flatMap((_, one) => before.map((some) => [...some, one])),
      [[]],
    );
    return { all, isComplete: true };
  }
  const base: Assignment = choices.map(() => 0);
  const all: Assignment[] = [base];
  for (const changed of all) {
    if (all.length >= most) break;
    const last = changed.findLastIndex((option) => option > 0);
    for (let index = last + 1; index < choices.length; index++) {
      const { options } = choices[index] as Choice;
      for (let option = 1; option < options.length; option++) {
        if (all.length < most) all.push(changed.with(index, option));
      }
    }
  }
  return { all, isComplete: false };
}

/** The objects with what is chosen in the place of what isn't known. */
export function complete(
  objects: readonly Plain[],
  choices: readonly Choice[],
  assignment: Assignment,
): Plain[] {
  const chosen = new Map(
    choices.map(({ object, options }, index) => [object, options[assignment[index] ?? 0]?.object]),
  );
  return objects.map((object) => chosen.get(object) ?? object);
}

/** The values that are chosen. */
export function valuesOf(choices: readonly Choice[], assignment: Assignment): CompletedValue[] {
  return choices.flatMap(({ options }, index) => options[assignment[index] ?? 0]?.values ?? []);
}
