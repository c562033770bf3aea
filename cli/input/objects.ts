/**
 * What every reader of objects asks of a value, wherever it came from: is it a Kubernetes object,
 * is it a list of them.
 */

import { GROUPS } from "../../mesh/index.js";

/** What keeps a value from being a Kubernetes object, and at which field. */
export interface Fault {
  path: (string | number)[];
  message: string;
  /** What stands there. */
  given?: unknown;
  /** The field itself is wrong, not its value. */
  atKey?: boolean;
}

const groups = new Map<string, string>(Object.entries(GROUPS));

/** Whether the model reads objects of this kind. */
export function isOfInterest({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return groups.get(kind) === group;
}

/**
 * The first {@link Fault} of a value; undefined if it is an object, or a list of them.
 * An object that the model doesn't read may look as it likes (a Kustomization has no metadata).
 */
export function faultOf(value: unknown): Fault | undefined {
  if (!isMap(value)) return fault([], value, "a Kubernetes object");
  for (const [field, example] of Object.entries({ apiVersion: "v1", kind: "Service" })) {
    const given = value[field];
    if (typeof given !== "string" || given === "") {
      return fault([field], given, `text such as "${example}"`);
    }
  }
  const object = value as { apiVersion: string; kind: string; metadata?: unknown };
  return isOfInterest(object) ? faultOfMetadata(object.metadata) : undefined;
}

function faultOfMetadata(metadata: unknown): Fault | undefined {
  if (!isMap(metadata)) return fault(["metadata"], metadata, "a map with at least a name");
  for (const field of ["name", "namespace"]) {
    const given = metadata[field];
    const isLeftOut = given === undefined || given === null;
    if (!isLeftOut && typeof given !== "string") {
      return fault(["metadata", field], given, "text (put it in quotes)");
    }
  }
  return undefined;
}

function fault(path: string[], given: unknown, expected: string): Fault {
  return { path, given, message: `expected ${expected}, found ${nameOf(given)}` };
}

/** Whether it is `kind: List`, or a typed list as the API server answers (`ServiceList`). */
export function isList(
  value: object,
): value is { apiVersion: string; kind: string; items: unknown[] } {
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items);
}

/** An item of a typed list leaves out its own kind, because the list's says it. */
export function itemOfList(list: { apiVersion: string; kind: string }, item: unknown): unknown {
  if (list.kind === "List" || !isMap(item)) return item;
  return { apiVersion: list.apiVersion, kind: list.kind.replace(/List$/, ""), ...item };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || value === "") return "an empty value";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : `a ${typeof value}`;
}
