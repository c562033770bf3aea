import { isUnknown, type ObjectRef } from "./kube-object.js";

/**
 * Tolerant readers of plain objects. A value that is missing, of another type or not known reads
 * as absent: istiod would never have seen it in that shape, and a judge must not throw on it.
 */

/** Any plain object, as it was read from YAML or handed over by Pulumi. */
export type Plain = Readonly<Record<string, unknown>>;

/** Whether a value is a plain object (not a list, not null). */
export function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of field names, or undefined where the path ends early. */
export function at(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isPlain(current)) return undefined;
    current = current[name];
  }
  return current;
}

/** A string, or "" for everything else. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A whole number; digits in a string count, as in templates that quote everything. */
export function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) ? number : undefined;
}

/** The items of a list, or none. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The strings of a list. */
export function texts(value: unknown): string[] {
  return items(value).filter((item) => typeof item === "string");
}

/** A map of strings, as labels and selectors are. Other values are left out. */
export type Labels = Readonly<Record<string, string>>;

const NO_LABELS: Labels = {};

/** Reads a map of strings. A label stays where only its value isn't known. */
export function labelsOf(value: unknown): Labels {
  if (!isPlain(value)) return NO_LABELS;
  let labels: Record<string, string> | undefined;
  for (const key in value) {
    const label = value[key];
    if (typeof label === "string") (labels ??= {})[key] = label;
    else if (isUnknown(label)) (labels ??= {})[key] = UNREADABLE;
  }
  return labels ?? NO_LABELS;
}

/** Whether every label of `selector` is among `labels`. An empty selector fits everything. */
export function fits(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/** Stands for a label's value, or a subset's name, that isn't known. */
export const UNREADABLE = "?";
/** Stands for the name or the namespace of an object where it isn't known. */
export const NAMELESS = "";

/** Names an object. The namespace of namespaced kinds defaults to "default". */
export function refOf(object: Plain): ObjectRef {
  const metadata = object.metadata;
  if (!isPlain(metadata)) {
    const namespace = isUnknown(metadata) ? NAMELESS : "default";
    return { kind: text(object.kind), namespace, name: NAMELESS };
  }
  const { namespace, name } = metadata;
  return {
    kind: text(object.kind),
    namespace: isUnknown(namespace) ? NAMELESS : text(namespace) || "default",
    name: text(name),
  };
}

/**
 * Milliseconds of `metadata.creationTimestamp`. An absent one reads as 0, older than any other,
 * as Go's zero time does in istiod.
 */
export function creationTime(object: Plain): number {
  return Date.parse(text(at(object, "metadata", "creationTimestamp"))) || 0;
}

/** Byte order of names, as istiod sorts them; JavaScript's own comparison, never a locale's. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Groups of values with the same key, in the order of their first. */
export function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): [T, ...T[]][] {
  return [...indexBy(values, keyOf).values()];
}

/** Values by a key, in the order of their first. */
export function indexBy<T>(
  values: readonly T[],
  keyOf: (value: T) => string,
): Map<string, [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** The order of answers: by namespace, name and kind. */
export function compareRefs(a: ObjectRef, b: ObjectRef): number {
  return (
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name) ||
    compareText(a.kind, b.kind)
  );
}

/** What is put in order, by another name than its object's where istiod makes it. */
interface Created {
  created: number;
  ref: ObjectRef;
  madeName?: string;
}

/** istiod's order of configurations: by creation, then name, then namespace. */
export function byCreation(a: Created, b: Created): number {
  return (
    a.created - b.created ||
    compareText(a.madeName ?? a.ref.name, b.madeName ?? b.ref.name) ||
    compareText(a.ref.namespace, b.ref.namespace)
  );
}
