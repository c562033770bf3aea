/**
 * The plugin's package schema, which Pulumi generates SDKs for other languages from. It is made from
 * the catalogue's schema, because the arguments of an EgressAlias are an alias of the catalogue.
 * `npm run schemas:plugin` writes it into schema.json.
 */
import { catalogueSchema, type JsonSchema, meaningOf } from "../../catalogue/reference.js";
import { isPlain } from "../../mesh/index.js";
import { TOKENS } from "../resources/tokens.js";

interface TypeSpec {
  type?: string;
  $ref?: string;
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
  /** Takes no Output itself; the values in it may still be Outputs. */
  plain?: true;
}

interface PropertySpec extends TypeSpec {
  description: string;
}

interface ObjectSpec {
  type: "object";
  properties: Record<string, PropertySpec>;
  required: string[];
}

interface EnumSpec {
  type: "string";
  enum: { value: string }[];
}

/** A type token's package and module. */
const MODULE = TOKENS.EgressAlias.replace(/:[^:]*$/, "");

/** Keys of an alias that only our own program reads. */
const NOT_ARGUMENTS: readonly string[] = ["resolves", "request", "answer"];

/** Values that decide which objects are created, so they must be known in every preview. */
const PLAIN: readonly string[] = ["aliases[].name", "aliases[].ports[].name"];

/** The package schema, without its version. */
export function pluginSchema(): object {
  const { mesh, aliases } = catalogueSchema().properties!;
  const types: Record<string, ObjectSpec | EnumSpec> = {};
  const alias = objectSpec(without(aliases!.items!, NOT_ARGUMENTS), "aliases[].", types);
  const facts = propertySpec("mesh", mesh!, "mesh", types);
  return {
    name: "istio-egress",
    displayName: "istio-egress",
    description: "External services under in-cluster names, with TLS that Istio really does.",
    license: "Apache-2.0",
    keywords: ["kubernetes", "istio", "egress", "tls", "category/network"],
    meta: { moduleFormat: "(.*)" },
    resources: {
      [TOKENS.EgressAlias]: {
        description: DESCRIPTION,
        isComponent: true,
        inputProperties: { ...alias.properties, mesh: facts },
        // The component's own name is the default.
        requiredInputs: alias.required.filter((name) => name !== "name"),
        properties: OUTPUTS,
        required: ["host"],
      },
    },
    types,
  };
}

const DESCRIPTION =
  "An in-cluster name for something outside: its Service, its endpoints, and the Istio objects that decide " +
  "what clients' sidecars do with TLS towards it. Values are checked before anything is created; " +
  "those that come from other resources, when they are known.";

const OUTPUTS: Record<string, PropertySpec> = {
  host: { type: "string", description: "The alias: `<name>.<namespace>.svc.<cluster domain>`." },
  clusterIP: {
    type: "string",
    description: "The address that Kubernetes gave the alias. An external name has none.",
  },
};

function without(schema: JsonSchema, names: readonly string[]): JsonSchema {
  const properties = Object.entries(schema.properties!).filter(([name]) => !names.includes(name));
  return { ...schema, properties: Object.fromEntries(properties) };
}

type Types = Record<string, ObjectSpec | EnumSpec>;

function objectSpec(
  { properties, required = [] }: JsonSchema,
  prefix: string,
  types: Types,
): ObjectSpec {
  const specs = Object.entries(properties!).map(([name, schema]) => [
    name,
    propertySpec(name, schema, `${prefix}${name}`, types),
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(specs) as ObjectSpec["properties"],
    required,
  };
}

function propertySpec(name: string, schema: JsonSchema, path: string, types: Types): PropertySpec {
  const isText = schema.type !== "object" && schema.type !== "array";
  const takesNoOutput =
    !isText || schema.enum !== undefined || PLAIN.includes(path) || path.startsWith("mesh.");
  const description = meaningOf(path).replace(/ See \[.*?\]\(.*?\)[.]/, "");
  return {
    ...typeSpec(name, schema, path, types),
    ...(takesNoOutput && { plain: true }),
    description:
      schema.default === undefined || isPlain(schema.default)
        ? description
        : `${description} Default: \`${JSON.stringify(schema.default)}\`.`,
  };
}

function typeSpec(name: string, schema: JsonSchema, path: string, types: Types): TypeSpec {
  const { type, items, additionalProperties, properties } = schema;
  if (schema.enum) return reference(name, path, types, enumSpec(schema.enum));
  if (properties) return reference(name, path, types, objectSpec(schema, `${path}.`, types));
  if (additionalProperties) {
    return { type: "object", additionalProperties: { type: scalar(additionalProperties) } };
  }
  if (type !== "array") return { type: scalar(schema) };
  const element = items?.properties
    ? {
        ...reference(name.replace(/s$/, ""), path, types, objectSpec(items, `${path}[].`, types)),
        plain: true as const,
      }
    : { type: scalar(items!) };
  return { type: "array", items: element };
}

function enumSpec(values: readonly string[]): EnumSpec {
  return { type: "string", enum: values.map((value) => ({ value })) };
}

/** Names a type by its key, with that of the object which it is in: `TlsMode`. */
function reference(
  name: string,
  path: string,
  types: Types,
  spec: ObjectSpec | EnumSpec,
): TypeSpec {
  const outer = path
    .replace(/^aliases\[\]\./, "")
    .split(".")
    .slice(0, -1)
    .map((key) => capital(key.replace("s[]", "")))
    .join("");
  const token = `${MODULE}:${outer}${capital(name)}`;
  types[token] = spec;
  return { $ref: `#/types/${token}` };
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Every number of a catalogue is a port. */
function scalar({ type }: JsonSchema): string {
  return type === "number" ? "integer" : type!;
}
