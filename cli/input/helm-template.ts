import type { Path } from "./json-text.js";
import type { KubeObject } from "../../mesh/index.js";

/**
 * Where a text that isn't YAML has a template's braces in a place that makes it one: as a line, a
 * key or a value, or within a value, but not in quotes. Undefined where it has none.
 */
export function templateAt(text: string): number | undefined {
  const found = /^[ \t]*(?:- +)*(?:[\w./-]+:[ \t]+)?(?:[^\s"'#|>&*!{[][^"'#\n]*)?\{\{/m.exec(text);
  return found ? found.index + found[0].length - 2 : undefined;
}

/**
 * The first field of what the model reads of an object that a template's braces are left in;
 * undefined where there is none. A container's arguments, a header and a body may have such braces.
 */
export function templatedIn(object: KubeObject): Path | undefined {
  const { kind, metadata, ...rest } = object as KubeObject & Record<string, unknown>;
  const { name, namespace, labels } = (metadata ?? {}) as Record<string, unknown>;
  const own = bracesIn({ name, namespace, labels }, ["metadata"]);
  return own ?? (kind === "Pod" ? undefined : bracesIn(rest, []));
}

/** Fields whose text is for others than Istio. */
const FREE_TEXT = new Set(["headers", "directResponse", "status"]);

function bracesIn(value: unknown, path: Path): Path | undefined {
  if (typeof value === "string") return value.includes("{{") ? path : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  const isList = Array.isArray(value);
  for (const [key, part] of Object.entries(value)) {
    if (FREE_TEXT.has(key)) continue;
    const found = bracesIn(part, [...path, isList ? Number(key) : key]);
    if (found) return found;
  }
  return undefined;
}
