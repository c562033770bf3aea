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
 * names; two of one age in one namespace have no order that istiod would keep to.
 */
export function isOrderKnown(a: Plain, b: Plain): boolean {
  if (isPolicy(a) || isPolicy(b)) return true;
  const [timeA, timeB] = [creationTime(a), creationTime(b)];
  if (timeA === 0 || timeB === 0) return false;
  if (timeA !== timeB) return true;
  if (a.kind !== "ServiceEntry") return nameOf(a) !== "" && nameOf(b) !== "";
  const [namespaceA, namespaceB] = [refOf(a).namespace, refOf(b).namespace];
  return namespaceA !== NAMELESS && namespaceB !== NAMELESS && namespaceA !== namespaceB;
}

/** Whether the order of any two of some objects isn't known. */
export function isUnordered(objects: readonly Plain[]): boolean {
  return objects.some((a, index) => objects.slice(index + 1).some((b) => !isOrderKnown(a, b)));
}

/** Every order of some objects that what is known about their age allows. */
export function possibleOrders(objects: readonly Plain[]): Plain[][] {
  return permutations(objects).filter((order) =>
    order.every((a, index) =>
      order.slice(index + 1).every((b) => !isOrderKnown(a, b) || compareAge(a, b) <= 0),
    ),
  );
}

/** What istiod derives from a policy has no age, and comes first. */
function isPolicy({ kind }: Plain): boolean {
  return kind === "BackendTLSPolicy";
}

function compareAge(a: Plain, b: Plain): number {
  if (isPolicy(a) || isPolicy(b)) return Number(isPolicy(b)) - Number(isPolicy(a));
  const [refA, refB] = [refOf(a), refOf(b)];
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

function permutations<T>(values: readonly T[]): T[][] {
  if (values.length <= 1) return [[...values]];
  return values.flatMap((first, index) => {
    const rest = [...values.slice(0, index), ...values.slice(index + 1)];
    return permutations(rest).map((order) => [first, ...order]);
  });
}
