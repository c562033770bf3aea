/**
 * A mesh of which some values aren't known, as in a preview: istiod's answer to the whole is then one
 * of the possible ones.
 */
import { UNKNOWN, type KubeObject } from "../../mesh/index.js";

/** A value that is hidden from the model. */
export interface HiddenValue {
  /** Kind, namespace and name of the object, as `Service n/w`. */
  object: string;
  /** Field names and indexes, from the object down; it may lead to a whole subtree. */
  path: (string | number)[];
}

/** Names an object in {@link HiddenValue}. */
export function objectName({ kind, metadata }: KubeObject): string {
  const { namespace, name } = metadata as { namespace: string; name: string };
  return `${kind} ${namespace}/${name}`;
}

/** The values that some numbers pick among all values of some objects. */
export function pickHidden(objects: readonly KubeObject[], numbers: number[]): HiddenValue[] {
  const values = objects.flatMap((object) =>
    Object.entries(object)
      .filter(([field]) => field !== "apiVersion" && field !== "kind")
      .flatMap(([field, value]) => pathsBelow(value, [field]))
      .map((path) => ({ object: objectName(object), path })),
  );
  return numbers.flatMap((number) => values[number % values.length] ?? []);
}

/** Every value is one place, and what holds it another. */
function pathsBelow(value: unknown, path: HiddenValue["path"]): HiddenValue["path"][] {
  if (typeof value !== "object" || value === null) return [path];
  const below = Array.isArray(value)
    ? value.flatMap((item, index) => pathsBelow(item, [...path, index]))
    : Object.entries(value).flatMap(([field, item]) => pathsBelow(item, [...path, field]));
  return [path, ...below];
}

/** The objects as a preview sees them. */
export function withHidden(
  objects: readonly KubeObject[],
  hidden: readonly HiddenValue[],
): KubeObject[] {
  return objects.map((object) => {
    const copy = structuredClone(object);
    const name = objectName(object);
    for (const { path } of hidden.filter((value) => value.object === name)) hide(copy, path);
    return copy;
  });
}

function hide(holder: unknown, [step, ...rest]: HiddenValue["path"]): void {
  if (typeof holder !== "object" || holder === null || step === undefined) return;
  const fields = holder as Record<string | number, unknown>;
  if (rest.length === 0) fields[step] = UNKNOWN;
  else hide(fields[step], rest);
}
