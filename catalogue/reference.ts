/**
 * The keys of a catalogue with their types and defaults, read from its schema. The reference in
 * docs/catalogue.md and the plugin's schema are made of them.
 */
import { z } from "zod";
import { MEANINGS } from "./meanings.js";
import { declared } from "./schema.js";

/** The part of JSON Schema that the catalogue uses. */
export interface JsonSchema {
  type?: "object" | "array" | "string" | "number" | "boolean";
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | false;
  oneOf?: JsonSchema[];
  enum?: string[];
  const?: string;
  default?: unknown;
}

/** A key that a catalogue may have. */
export interface CatalogueKey {
  /** As in `aliases[].tls.sni`. */
  path: string;
  /** What its values are, in words. */
  type: string;
  isRequired: boolean;
  /** As YAML has it; undefined: none, or one that depends on other keys, which the meaning says. */
  default?: string;
  meaning: string;
}

/** The catalogue's schema, as what a user writes. A choice of objects is one with all of their keys. */
export function catalogueSchema(): JsonSchema {
  const schema = z.toJSONSchema(declared, { io: "input", unrepresentable: "any" });
  return withoutChoices(schema as JsonSchema);
}

/** Every key of a catalogue, in the order of the schema. */
export function catalogueKeys(): CatalogueKey[] {
  return keysOf(catalogueSchema(), "");
}

/**
 * What a key means.
 * @throws {Error} for a key that catalogue/meanings.ts doesn't have
 */
export function meaningOf(path: string): string {
  const meaning = MEANINGS[path];
  if (meaning === undefined)
    throw new Error(`${path} has no meaning; write it in catalogue/meanings.ts`);
  return meaning;
}

function keysOf({ properties = {}, required = [] }: JsonSchema, prefix: string): CatalogueKey[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const key: CatalogueKey = {
      path,
      type: typeName(schema),
      isRequired: required.includes(name),
      ...(isShown(schema.default) && { default: JSON.stringify(schema.default) }),
      meaning: meaningOf(path),
    };
    const inner = schema.items?.properties
      ? keysOf(schema.items, `${path}[].`)
      : keysOf(schema, `${path}.`);
    return [key, ...inner];
  });
}

/** An object's default is that of its keys. */
function isShown(value: unknown): boolean {
  return value !== undefined && (typeof value !== "object" || Array.isArray(value));
}

function typeName({ type, items, additionalProperties, enum: values }: JsonSchema): string {
  if (values) return values.map((value) => `\`${value}\``).join(" or ");
  if (type === "array") return `list of ${PLURALS[items?.type ?? "string"]}`;
  if (additionalProperties) return `map of ${PLURALS[additionalProperties.type ?? "string"]}`;
  return type ?? "object";
}

const PLURALS: Record<NonNullable<JsonSchema["type"]>, string> = {
  object: "objects",
  array: "lists",
  string: "strings",
  number: "numbers",
  boolean: "booleans",
};

function withoutChoices(schema: JsonSchema): JsonSchema {
  const { oneOf, properties, items } = schema;
  if (oneOf) return withoutChoices(merged(oneOf));
  return {
    ...schema,
    ...(items && { items: withoutChoices(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => [name, withoutChoices(inner)]),
      ),
    }),
  };
}

/** One object for objects that differ in a key with a constant value. */
function merged(choices: readonly JsonSchema[]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const choice of choices) {
    for (const [name, schema] of Object.entries(choice.properties ?? {})) {
      const values = properties[name]?.enum ?? [];
      properties[name] =
        schema.const === undefined ? schema : { type: "string", enum: [...values, schema.const] };
    }
  }
  const [first, ...others] = choices.map(({ required = [] }) => required);
  const required = first?.filter((name) => others.every((other) => other.includes(name)));
  return { type: "object", properties, required, additionalProperties: false };
}
