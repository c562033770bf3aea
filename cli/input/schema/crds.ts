import { compareText, isIstios, KINDS } from "../../../mesh/index.js";

/**
 * A structural schema, as a CustomResourceDefinition has it:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
 */
export interface Schema {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  nullable?: boolean;
  default?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-validations"?: { rule: string; message?: string }[];
}

/** A kind of a group, as its CustomResourceDefinition has it. */
export interface CrdKind {
  group: string;
  versions: string[];
  /** Of `spec`, the same in every version. */
  spec: Schema;
  isSpecRequired: boolean;
}

/** The groups of those of Istio's kinds that are read; others there must not be mistaken for such. */
export const ISTIO_GROUPS: ReadonlySet<string> = new Set(
  Object.values(KINDS).flatMap(({ group }) => (isIstios(group) ? [group] : [])),
);

/** The Gateway API's own group. */
export const GATEWAY_GROUPS: ReadonlySet<string> = new Set(["gateway.networking.k8s.io"]);

interface Crd {
  kind?: string;
  spec?: {
    group: string;
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
}

/**
 * The schemas of the kinds of some groups among CustomResourceDefinitions, such as those that
 * `istioctl manifest generate` prints.
 *
 * @param isKept which versions are kept; @default all
 * @throws if a kind's versions differ in their schemas: then one isn't enough
 */
export function kindsOf(
  objects: readonly unknown[],
  groups = ISTIO_GROUPS,
  isKept: (version: string) => boolean = () => true,
): Record<string, CrdKind> {
  const crds = (objects as (Crd | null)[]).flatMap((object) =>
    object?.kind === "CustomResourceDefinition" && object.spec ? [object.spec] : [],
  );
  const kinds = crds
    .filter(({ group }) => groups.has(group))
    .map(({ group, names, versions: all }): [string, CrdKind] => {
      const versions = all.filter(({ name }) => isKept(name));
      const schemas = versions.map(({ schema }) => compact(schema.openAPIV3Schema));
      const [schema] = schemas;
      const { spec } = schema?.properties ?? {};
      if (!spec || schemas.some((other) => JSON.stringify(other) !== JSON.stringify(schema))) {
        throw new Error(`the versions of ${names.kind} differ in their schemas`);
      }
      const isSpecRequired = schema?.required?.includes("spec") ?? false;
      return [
        names.kind,
        { group, versions: versions.map(({ name }) => name), spec, isSpecRequired },
      ];
    });
  return Object.fromEntries(kinds.sort(([a], [b]) => compareText(a, b)));
}

/** Each kind on a line of its own, so that a change of one is seen as that. */
export function schemasJson(kinds: Record<string, CrdKind>): string {
  const lines = Object.entries(kinds).map(
    ([name, kind]) => `  ${JSON.stringify(name)}: ${JSON.stringify(kind)}`,
  );
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** Without texts for people, and without formats, which say nothing that isn't checked otherwise. */
function compact(schema: Schema): Schema {
  const { description, format, ...rest } = schema as Schema & Record<string, unknown>;
  void [description, format];
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, compactPart(key, value)]),
  );
}

function compactPart(key: string, value: unknown): unknown {
  switch (key) {
    case "properties":
      return Object.fromEntries(
        Object.entries(value as Record<string, Schema>).map(([name, part]) => [
          name,
          compact(part),
        ]),
      );
    case "items":
    case "not":
    case "additionalProperties":
      return compact(value as Schema);
    case "allOf":
    case "anyOf":
    case "oneOf":
      return (value as Schema[]).map(compact);
    default:
      return value;
  }
}
