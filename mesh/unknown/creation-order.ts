import {
  at,
  byCreation,
  compareText,
  creationTime,
  NAMELESS,
  refOf,
  text,
} from "../input/plain.js";
import type { Plain } from "../input/plain.js";

/**
 * Whether istiod's order of two objects is known: both were created, and at different times or
 * (then names decide) under names that are known. Of ServiceEntries of one host it is the namespaces'
 * names, and a Service comes before them; two of one age in one namespace have no order that istiod would
 * keep to.
 */
export function isOrderKnown(a: Plain, b: Plain): boolean {
  if (isPolicy(a) || isPolicy(b)) return true;
  const [timeA, timeB] = [creationTime(a), creationTime(b)];
  if (timeA === 0 || timeB === 0) return false;
  if (timeA !== timeB) return true;
  if (a.kind !== b.kind) return true;
  if (a.kind !== "ServiceEntry") return nameOf(a) !== "" && nameOf(b) !== "";
  const [namespaceA, namespaceB] = [refOf(a).namespace, refOf(b).namespace];
  return namespaceA !== NAMELESS && namespaceB !== NAMELESS && namespaceA !== namespaceB;
}

/** Whether the order of any two of some objects isn't known. */
export function isUnordered(objects: readonly Plain[]): boolean {
  if (objects.length < 2) return false;
  const aged = objects.filter((object) => !isPolicy(object));
  const byTime = new Map<number, Plain[]>();
  for (const object of aged) {
    const time = creationTime(object);
    if (time === 0 && aged.length > 1) return true;
    byTime.set(time, [...(byTime.get(time) ?? []), object]);
  }
  return [...byTime.values()].some((same) =>
    same.some((a, index) => same.slice(index + 1).some((b) => !isOrderKnown(a, b))),
  );
}

/** Things that were each read from one object, and what each says apart from its name and age. */
export interface Aged<T> {
  value: T;
  object: Plain;
  /** Two with the same content are interchangeable. */
  content: string;
}

/**
 * Orders of creation that what is known allows, oldest first. Interchangeable objects aren't kept
 * apart. Every order is given where there are at most `limit`; beyond that, those that decide which
 * are the oldest up to `depth`: each with what is known to be older before it, then the next.
 */
export function possibleOrders<T>(
  group: readonly Aged<T>[],
  { limit, depth }: { limit: number; depth: number },
): Aged<T>[][] {
  const before = olderThan(group);
  const all = sequences(group, before, group.length, limit);
  return all ?? sequences(group, before, depth, Infinity) ?? [];
}

/** Of each, those of a group that are known to be older. */
export function olderThan<T>(group: readonly Aged<T>[]): Map<Aged<T>, readonly Aged<T>[]> {
  return new Map(
    group.map((one) => [
      one,
      group.filter(
        (other) =>
          other !== one &&
          isOrderKnown(other.object, one.object) &&
          compareAge(other.object, one.object) < 0,
      ),
    ]),
  );
}

/** Chooses the next one, and what is known to be older with it, up to a depth; the rest follows. */
function sequences<T>(
  group: readonly Aged<T>[],
  before: ReadonlyMap<Aged<T>, readonly Aged<T>[]>,
  depth: number,
  limit: number,
): Aged<T>[][] | undefined {
  const found: Aged<T>[][] = [];
  const extend = (prefix: readonly Aged<T>[], left: number): boolean => {
    const rest = group.filter((one) => !prefix.includes(one));
    if (left === 0 || rest.length < 2) {
      found.push([...prefix, ...inKnownOrder(rest)]);
      return found.length <= limit;
    }
    return nextOf(rest, before).every((next) => {
      const older = (before.get(next) ?? []).filter((one) => rest.includes(one));
      // Where every order is wanted, what is older is chosen by itself.
      if (older.length > 0 && depth >= group.length) return true;
      return extend([...prefix, ...inKnownOrder(older), next], left - 1);
    });
  };
  return extend([], depth) ? found : undefined;
}

/** One of each content; of what has a known place among others, each. */
export function nextOf<T>(
  rest: readonly Aged<T>[],
  before: ReadonlyMap<Aged<T>, readonly Aged<T>[]>,
): Aged<T>[] {
  const related = new Set(rest.flatMap((one) => before.get(one) ?? []));
  const isFree = (one: Aged<T>) => !related.has(one) && (before.get(one) ?? []).length === 0;
  const contents = new Set<string>();
  return rest.filter((one) => {
    if (!isFree(one)) return true;
    if (contents.has(one.content)) return false;
    contents.add(one.content);
    return true;
  });
}

/** Some order that what is known allows. */
function inKnownOrder<T>(group: readonly Aged<T>[]): Aged<T>[] {
  return [...group].sort((a, b) => compareAge(a.object, b.object));
}

/** What istiod derives from a policy has no age, and comes first. */
function isPolicy({ kind }: Plain): boolean {
  return kind === "BackendTLSPolicy";
}

function compareAge(a: Plain, b: Plain): number {
  if (isPolicy(a) || isPolicy(b)) return Number(isPolicy(b)) - Number(isPolicy(a));
  const [refA, refB] = [refOf(a), refOf(b)];
  if (a.kind !== b.kind) {
    return (
      creationTime(a) - creationTime(b) ||
      Number(b.kind === "Service") - Number(a.kind === "Service")
    );
  }
  if (a.kind === "ServiceEntry") {
    return creationTime(a) - creationTime(b) || compareText(refA.namespace, refB.namespace);
  }
  return byCreation(
    { created: creationTime(a), ref: refA },
    { created: creationTime(b), ref: refB },
  );
}

function nameOf(object: Plain): string {
  return text(at(object, "metadata", "name"));
}
