import { refOf, type Plain } from "../input/plain.js";
import type { UnknownValue } from "../input/kube-object.js";
import { ABSENT, pathText, withValue } from "../input/unknowns.js";
import type { Client } from "../scope/client.js";
import type { CompletedValue } from "../verdicts/verdict.js";
import { completionContext } from "./completion-context.js";
import { completionsOf } from "./completions/completions.js";
import type { RelevantObjects } from "./relevant-objects.js";
import type { VisibleObjects } from "./visible-objects.js";

/** A value that isn't known, with the values that make a difference. */
export interface Choice {
  unknown: UnknownValue;
  options: readonly Option[];
}

interface Option {
  value: CompletedValue;
  /** Writes it into the objects. */
  apply: (objects: Plain[]) => void;
}

/** The values of objects that aren't known. */
export function choicesIn(
  relevant: RelevantObjects,
  visible: VisibleObjects,
  client: Client,
  objects: readonly Plain[],
): Choice[] {
  const { partialObjects } = relevant.uncertainty;
  const context = completionContext(relevant, visible, client);
  return objects.flatMap((object, index) =>
    (partialObjects.get(object)?.paths ?? []).map((path): Choice => {
      const unknown = { object: refOf(object), path: pathText(path) };
      return {
        unknown,
        options: completionsOf(object, path, context).map((value) => ({
          value: value === ABSENT ? { ...unknown, isAbsent: true } : { ...unknown, value },
          apply: (all) => {
            all[index] = withValue(all[index] ?? object, path, value);
          },
        })),
      };
    }),
  );
}

/** Which option of each choice. */
export type Assignment = readonly number[];

/** What was chosen, and whether that is every combination. */
export interface Assignments {
  all: Assignment[];
  isComplete: boolean;
}

/** More combinations of values than this aren't tried. */
const MOST_COMBINATIONS = 512;

/**
 * Every combination of values or, where there are too many, the ones that differ from the first in
 * one value, then in two, as far as the number goes.
 */
export function assignmentsOf(choices: readonly Choice[]): Assignments {
  const count = choices.reduce((product, { options }) => product * options.length, 1);
  if (count <= MOST_COMBINATIONS) {
    const all = choices.reduce<Assignment[]>(
      (before, { options }) => options.flatMap((_, one) => before.map((some) => [...some, one])),
      [[]],
    );
    return { all, isComplete: true };
  }
  const base: Assignment = choices.map(() => 0);
  const all: Assignment[] = [base];
  for (const changed of all) {
    if (all.length >= MOST_COMBINATIONS) break;
    const last = changed.findLastIndex((option) => option > 0);
    for (let index = last + 1; index < choices.length; index++) {
      const { options } = choices[index] as Choice;
      for (let option = 1; option < options.length; option++) {
        if (all.length < MOST_COMBINATIONS) all.push(changed.with(index, option));
      }
    }
  }
  return { all, isComplete: false };
}

/** The objects with the values that are chosen. */
export function complete(
  objects: readonly Plain[],
  choices: readonly Choice[],
  assignment: Assignment,
): Plain[] {
  const all = [...objects];
  choices.forEach(({ options }, index) => options[assignment[index] ?? 0]?.apply(all));
  return all;
}

/** The values that are chosen. */
export function valuesOf(choices: readonly Choice[], assignment: Assignment): CompletedValue[] {
  return choices.flatMap(({ options }, index) => options[assignment[index] ?? 0]?.value ?? []);
}
