/** What keeps a value from being a Kubernetes object, and at which field. */
export interface Fault {
  path: (string | number)[];
  message: string;
  /** What stands there. */
  given?: unknown;
  /** The field itself is wrong, not its value. */
  atKey?: boolean;
}

/** A fault of the field at a path, in words of its own. */
export function faultAt(
  path: readonly (string | number)[],
  given: unknown,
  message: string,
): Fault {
  return { path: [...path], given, message };
}

/** A fault of a field whose value isn't what it should be. */
export function fault(path: (string | number)[], given: unknown, expected: string): Fault {
  return { path, given, message: `expected ${expected}, found ${nameOf(given)}` };
}

/** What a value is, for people: `a list`, `text`. */
export function nameOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || value === "") return "an empty value";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "text";
  return typeof value === "object" ? "a map" : `a ${typeof value}`;
}
