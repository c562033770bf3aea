import { isPlain, type Plain } from "./plain.js";
import { isUnknown } from "./kube-object.js";

/** A place in an object: field names and list indexes. */
export type Path = readonly (string | number)[];

/** Every place of an object that holds {@link UNKNOWN}. */
export function unknownPaths(value: unknown): Path[] {
  const found: Path[] = [];
  if (hasUnknown(value)) collect(value, [], found);
  return found;
}

/** Whether anything below a value isn't known; most objects have nothing, so this is all they cost. */
function hasUnknown(value: unknown): boolean {
  if (typeof value === "symbol") return isUnknown(value);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(hasUnknown);
  for (const name in value) if (hasUnknown((value as Plain)[name])) return true;
  return false;
}

function collect(value: unknown, path: Path, found: Path[]): void {
  if (isUnknown(value)) found.push(path);
  else if (Array.isArray(value)) {
    value.forEach((item, index) => collect(item, [...path, index], found));
  } else if (isPlain(value)) {
    for (const name in value) collect(value[name], [...path, name], found);
  }
}

/** A path as people write it: `spec.subsets[0].trafficPolicy`. */
export function pathText(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join("");
}

/** Takes a field away in {@link withValue}. */
export const ABSENT: unique symbol = Symbol("absent");

/** A copy of an object with one place set, or with the field taken away. */
export function withValue(object: Plain, path: Path, value: unknown): Plain {
  return replace(object, path, 0, value) as Plain;
}

function replace(current: unknown, path: Path, depth: number, value: unknown): unknown {
  if (depth === path.length) return value;
  const step = path[depth];
  if (Array.isArray(current) && typeof step === "number") {
    const items: unknown[] = [...(current as unknown[])];
    const item = replace(items[step], path, depth + 1, value);
    if (item === ABSENT) items.splice(step, 1);
    else items[step] = item;
    return items;
  }
  const fields: Record<string, unknown> = { ...(current as Plain) };
  const field = replace(fields[String(step)], path, depth + 1, value);
  if (field === ABSENT) delete fields[String(step)];
  else fields[String(step)] = field;
  return fields;
}

/** Stands for a name that isn't known where one is needed to go on; nothing has it. */
export const UNKNOWN_NAME = "nobody.invalid";
/** Stands for an address outside that isn't known; it is of a range that nobody uses. */
export const UNKNOWN_ADDRESS = "255.255.255.250";
