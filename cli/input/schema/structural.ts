import type { Path } from "../json-text.js";
import { isPlain } from "../../../mesh/index.js";
import { type Fault, faultAt as fault, nameOf } from "../fault.js";
import type { Schema } from "./crds.js";
import { ruleFault } from "./rules.js";
import { nearest, nestedPlaceOf } from "./suggestions.js";

/**
 * The first thing that the API server would refuse of a value of a custom resource, with strict
 * decoding as `kubectl apply` requests it: fields that the schema doesn't have, types, limits, CEL rules.
 */
export function schemaFault(value: unknown, schema: Schema, path: Path): Fault | undefined {
  if (schema["x-kubernetes-int-or-string"]) {
    return typeof value === "string" || Number.isInteger(value)
      ? undefined
      : fault(path, value, `expected a number or text, found ${nameOf(value)}`);
  }
  if (value === null && schema.nullable) return undefined;
  return (
    typeFault(value, schema, path) ??
    limitFault(value, schema, path) ??
    partsFault(value, schema, path) ??
    choiceFault(value, schema, path) ??
    ruleFault(value, schema, path)
  );
}

const NAMES = {
  object: "a map",
  array: "a list",
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
} as const;

function typeFault(value: unknown, schema: Schema, path: Path): Fault | undefined {
  const { type } = schema;
  if (type === undefined || isOfType(value, type)) return undefined;
  const hint = typeHint(value, schema);
  return fault(
    path,
    value,
    `expected ${NAMES[type]}, found ${nameOf(value)}${hint && `; ${hint}`}`,
  );
}

function isOfType(value: unknown, type: NonNullable<Schema["type"]>): boolean {
  switch (type) {
    case "object":
      return isPlain(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "string":
    case "number":
    case "boolean":
      return typeof value === type;
  }
}

/** What to write instead of a value of the wrong type. */
function typeHint(value: unknown, { type, items, properties = {} }: Schema): string {
  if (type === "string" && isScalar(value)) return `write "${String(value)}", in quotes`;
  if (type === "array" && typeof value === items?.type) return `write [${JSON.stringify(value)}]`;
  if ((type === "integer" || type === "number") && isNumeral(value))
    return "write it without quotes";
  const choice = Object.entries(properties).find(([, part]) => part.enum?.includes(value));
  return choice ? `write {${choice[0]}: ${String(value)}}` : "";
}

function isScalar(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function isNumeral(value: unknown): boolean {
  return typeof value === "string" && /^\d+$/.test(value);
}

function limitFault(value: unknown, schema: Schema, path: Path): Fault | undefined {
  const { enum: allowed, pattern } = schema;
  if (allowed && !allowed.includes(value)) {
    const near = nearest(String(value), allowed.map(String));
    const instead = near === undefined ? "" : `; write ${near}`;
    return fault(
      path,
      value,
      `${JSON.stringify(value)} isn't one of ${allowed.join(", ")}${instead}`,
    );
  }
  const beyond = typeof value === "number" ? amountFault(value, schema) : sizeFault(value, schema);
  if (beyond !== undefined) return fault(path, value, beyond);
  if (pattern !== undefined && typeof value === "string" && !new RegExp(pattern, "u").test(value)) {
    return fault(path, value, `${JSON.stringify(value)} doesn't match ${pattern}`);
  }
  return undefined;
}

function amountFault(value: number, { minimum = -Infinity, maximum = Infinity }: Schema) {
  if (value < minimum) return `${value} is less than ${minimum}`;
  return value > maximum ? `${value} is more than ${maximum}` : undefined;
}

function sizeFault(value: unknown, schema: Schema): string | undefined {
  if (typeof value === "string") {
    return outside([...value].length, schema.minLength, schema.maxLength, "character");
  }
  if (Array.isArray(value)) return outside(value.length, schema.minItems, schema.maxItems, "item");
  if (!isPlain(value)) return undefined;
  return outside(Object.keys(value).length, schema.minProperties, schema.maxProperties, "key");
}

function outside(size: number, least = 0, most = Infinity, what: string): string | undefined {
  const counted = (count: number) => `${count} ${what}${count === 1 ? "" : "s"}`;
  if (size < least) return `expected at least ${counted(least)}, found ${size}`;
  return size > most ? `expected at most ${counted(most)}, found ${size}` : undefined;
}

function partsFault(value: unknown, schema: Schema, path: Path): Fault | undefined {
  if (Array.isArray(value)) return itemsFault(value, schema, path);
  if (!isPlain(value)) return undefined;
  for (const [key, part] of Object.entries(value)) {
    const found = fieldFault(key, part, schema, path);
    if (found) return found;
  }
  const missing = schema.required?.find(
    (name) => value[name] === undefined || value[name] === null,
  );
  return missing === undefined ? undefined : fault(path, value, `${missing} is missing`);
}

function fieldFault(key: string, value: unknown, schema: Schema, path: Path): Fault | undefined {
  const { properties, additionalProperties } = schema;
  const own = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
  const expected = own ?? additionalProperties;
  if (expected) {
    // The API server drops a null where none is allowed.
    if (value === null && !expected.nullable && own) return undefined;
    return schemaFault(value, expected, [...path, key]);
  }
  if (!properties || schema["x-kubernetes-preserve-unknown-fields"]) return undefined;
  return { path: [...path, key], given: key, atKey: true, message: unknownField(key, schema) };
}

function unknownField(key: string, schema: Schema): string {
  const fields = Object.keys(schema.properties ?? {});
  const near = nearest(key, fields);
  if (near !== undefined) return `there is no such field; write ${near}`;
  const place = nestedPlaceOf(key, schema);
  if (place !== undefined) return `there is no such field here; it belongs in ${place}`;
  return `there is no such field; there are ${fields.join(", ")}`;
}

function itemsFault(value: readonly unknown[], schema: Schema, path: Path): Fault | undefined {
  for (const [index, item] of value.entries()) {
    const found = schema.items && schemaFault(item, schema.items, [...path, index]);
    if (found) return found;
  }
  return twiceFault(value, schema, path);
}

/** An item that a list has already, where the API server takes each once. */
function twiceFault(value: readonly unknown[], schema: Schema, path: Path): Fault | undefined {
  const type = schema["x-kubernetes-list-type"];
  if (type === "set") {
    const index = value.findIndex((item, at) => value.indexOf(item) !== at);
    if (index === -1) return undefined;
    const item = value[index];
    return fault([...path, index], item, `${JSON.stringify(item)} is in the list already`);
  }
  const keys = schema["x-kubernetes-list-map-keys"];
  if (type !== "map" || !keys) return undefined;
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const values = keys.map((key) => (item as Record<string, unknown>)[key]);
    const identity = JSON.stringify(values);
    if (seen.has(identity)) {
      const what = `${keys.join(", ")} ${values.map((part) => JSON.stringify(part)).join(", ")}`;
      return fault([...path, index], item, `another item has ${what} too`);
    }
    seen.add(identity);
  }
  return undefined;
}

/** `oneOf` and its like, which in these schemas say which fields go together. */
function choiceFault(value: unknown, schema: Schema, path: Path): Fault | undefined {
  const { oneOf, anyOf, allOf, not } = schema;
  if (satisfies(value, { oneOf, anyOf, allOf, not })) return undefined;
  const names = new Set(namesIn({ oneOf, anyOf, allOf, not }));
  return fault(path, value, `give only one of ${[...names].join(", ")}`);
}

function satisfies(
  value: unknown,
  { required = [], enum: allowed, properties = {}, oneOf, anyOf, allOf = [], not }: Schema,
): boolean {
  const holds = (part: Schema) => satisfies(value, part);
  const fields = isPlain(value) ? value : {};
  return (
    (allowed?.includes(value) ?? true) &&
    Object.entries(properties).every(
      ([name, part]) => fields[name] === undefined || satisfies(fields[name], part),
    ) &&
    required.every((name) => fields[name] !== undefined && fields[name] !== null) &&
    (oneOf?.filter(holds).length ?? 1) === 1 &&
    (anyOf?.some(holds) ?? true) &&
    allOf.every(holds) &&
    !(not && holds(not))
  );
}

function namesIn({ required = [], oneOf = [], anyOf = [], allOf = [], not }: Schema): string[] {
  const parts = [...oneOf, ...anyOf, ...allOf, ...(not ? [not] : [])];
  return [...required, ...parts.flatMap(namesIn)];
}
