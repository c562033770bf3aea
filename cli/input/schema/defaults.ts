import { isPlain } from "../../../mesh/index.js";
import type { Schema } from "./crds.js";

/** A value with the defaults that its schema has, which the API server fills in before it checks anything. */
export function defaulted(value: unknown, schema: Schema): unknown {
  if (!hasDefaults(schema)) return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item: unknown) => defaulted(item, items)) : value;
  }
  if (!isPlain(value)) return value;
  const { properties = {}, additionalProperties } = schema;
  const given = Object.entries(value).map(([name, part]): [string, unknown] => {
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return [name, own ? defaulted(part, own) : part];
  });
  const missing = Object.entries(properties).filter(
    ([name, part]) => part.default !== undefined && (value[name] ?? undefined) === undefined,
  );
  return {
    ...Object.fromEntries(given),
    ...Object.fromEntries(missing.map(([name, part]) => [name, defaulted(part.default, part)])),
  };
}

const known = new WeakMap<Schema, boolean>();

function hasDefaults(schema: Schema): boolean {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const { properties = {}, additionalProperties, items } = schema;
  const parts = [...Object.values(properties), additionalProperties ?? [], items ?? []].flat();
  const has = parts.some((part) => part.default !== undefined || hasDefaults(part));
  known.set(schema, has);
  return has;
}
