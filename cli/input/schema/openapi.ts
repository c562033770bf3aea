import { KINDS } from "../../../mesh/index.js";
import type { Schema } from "./crds.js";

/** A schema in which others are named: `{ $ref: "ServiceSpec" }`. */
type Named = Omit<Schema, "properties" | "items" | "additionalProperties"> & {
  $ref?: string;
  properties?: Record<string, Named>;
  items?: Named;
  additionalProperties?: Named;
};

/** The schemas of Kubernetes' own kinds, and of what they are made of, by name. */
export type Definitions = Record<string, Named>;

/** The kinds of Kubernetes' own that are read, with the version that API servers from 1.30 on have. */
export const CORE_KINDS: Readonly<Record<string, { group: string; version: string }>> = {
  Namespace: { group: "", version: "v1" },
  ...Object.fromEntries(
    Object.entries(KINDS).filter(([, { group }]) => group === "" || group === "discovery.k8s.io"),
  ),
};

/** What an API server serves below `/openapi/v3/`. */
export interface OpenApi {
  components: { schemas: Record<string, OpenApiSchema> };
}

interface OpenApiSchema {
  type?: Schema["type"];
  format?: string;
  $ref?: string;
  allOf?: OpenApiSchema[];
  properties?: Record<string, OpenApiSchema>;
  items?: OpenApiSchema;
  additionalProperties?: OpenApiSchema;
  required?: string[];
  enum?: unknown[];
}

/**
 * The definitions of the kinds that are read, out of an API server's OpenAPI.
 *
 * @throws if a kind or a part of one is missing
 */
export function definitionsOf(documents: readonly OpenApi[]): Definitions {
  const all = new Map(
    documents.flatMap(({ components }) =>
      Object.entries(components.schemas).map(([name, schema]): [string, Named] => [
        shortName(name),
        compact(schema),
      ]),
    ),
  );
  const names = reached(all, () => true);
  // Nothing of a status is required: its controller writes it.
  const declared = reached(all, (name) => !name.endsWith("Status"));
  return Object.fromEntries(
    [...names].sort().map((name) => {
      const { required, ...rest } = all.get(name)!;
      return [name, declared.has(name) && required ? { ...rest, required } : rest];
    }),
  );
}

function reached(all: ReadonlyMap<string, Named>, isEntered: (name: string) => boolean) {
  const names = new Set<string>(Object.keys(CORE_KINDS));
  for (const name of names) {
    const schema = all.get(name);
    if (!schema) throw new Error(`the API server's OpenAPI has no ${name}`);
    for (const below of namesIn(schema)) if (isEntered(below)) names.add(below);
  }
  return names;
}

/** Each definition on a line of its own. */
export function definitionsJson(definitions: Definitions): string {
  const lines = Object.entries(definitions).map(
    ([name, schema]) => `  ${JSON.stringify(name)}: ${JSON.stringify(schema)}`,
  );
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** `ServiceSpec` of `io.k8s.api.core.v1.ServiceSpec` and of a reference to it. */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** Texts, times and numbers with a unit are read by rules of their own, which aren't known here. */
const OPAQUE = new Set(["ObjectMeta", "Quantity", "FieldsV1"]);

/** Without texts for people, defaults and formats. */
function compact(schema: OpenApiSchema): Named {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (ref !== undefined) return refTo(shortName(ref));
  const { type, required, enum: allowed, properties, items, additionalProperties } = schema;
  return {
    ...(type && { type }),
    ...(required && { required }),
    ...(allowed && { enum: allowed }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, part]) => [name, compact(part)]),
      ),
    }),
    ...(items && { items: compact(items) }),
    ...(additionalProperties && { additionalProperties: compact(additionalProperties) }),
  };
}

function refTo(name: string): Named {
  if (name === "IntOrString") return { "x-kubernetes-int-or-string": true };
  if (name === "Time" || name === "MicroTime") return { type: "string" };
  return OPAQUE.has(name) ? {} : { $ref: name };
}

function namesIn({ $ref, properties = {}, items, additionalProperties }: Named): string[] {
  const below = [...Object.values(properties), items ?? [], additionalProperties ?? []].flat();
  return [...($ref === undefined ? [] : [$ref]), ...below.flatMap(namesIn)];
}

/**
 * The schema of a kind, with every definition in its place.
 *
 * @param isStrict whether a field that a definition hasn't is refused
 */
export function resolved(definitions: Definitions, isStrict: boolean): (name: string) => Schema {
  const made = new Map<string, Schema>();
  const named = (name: string): Schema => {
    const known = made.get(name);
    if (known) return known;
    const schema: Schema = {};
    // Known before it is whole, since it may contain itself.
    made.set(name, schema);
    return Object.assign(schema, inPlace(definitions[name] ?? {}));
  };
  const inPlace = ({ $ref, properties, items, additionalProperties, ...rest }: Named): Schema => {
    if ($ref !== undefined) return named($ref);
    return {
      ...rest,
      ...(properties && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, part]) => [name, inPlace(part)]),
        ),
        ...(!isStrict && { "x-kubernetes-preserve-unknown-fields": true }),
      }),
      ...(items && { items: inPlace(items) }),
      ...(additionalProperties && { additionalProperties: inPlace(additionalProperties) }),
    };
  };
  return named;
}
