import type { PolicyConfigSchema } from "@pulumi/policy";
import { z } from "zod";
import {
  byFact,
  DEFAULT_FACTS,
  type FactValue,
  hostPatternMistake,
  istioVersionMistake,
  type MeshFacts,
  OUTBOUND_TRAFFIC_POLICIES,
} from "../mesh/index.js";
import { waiver } from "./waivers.js";

/** A text, and what is wrong with it in words. */
function checkedText(mistake: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const message = mistake(value);
    if (message) context.addIssue(message);
  });
}

/** An exact host, or `*.suffix`. */
const hostPattern = checkedText(hostPatternMistake);

/** An address range. */
const cidr = z.union([z.cidrv4(), z.cidrv6()], {
  error: "an address range such as 10.0.0.0/8",
});

const namespace = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "the name of a namespace");

const client = z.strictObject({
  namespace: namespace.describe("The namespace that calls."),
  labels: z
    .record(z.string(), z.string())
    .optional()
    .describe("Only workloads with these labels; absent: any workload of the namespace."),
  gateway: z.boolean().optional().describe("A gateway's proxy, not a sidecar. Default: false."),
});

const factValues: Record<FactValue, z.ZodType> = {
  version: checkedText(istioVersionMistake),
  flag: z.boolean(),
  domain: z.string(),
  namespace,
  namespaces: z.array(z.string()),
  revision: z.string(),
  ranges: z.array(cidr),
  hosts: z.array(hostPattern),
  "taken ranges": z.array(z.string()),
  ports: z.array(z.string()),
  duration: z.string(),
  "outbound policy": z.enum(OUTBOUND_TRAFFIC_POLICIES),
};

const { clusterCidrs, externalHosts, ...ofMesh } = byFact(({ value, meaning }, name) =>
  factValues[value].optional().describe(meaning + defaultText(DEFAULT_FACTS[name])),
) as {
  [Name in keyof MeshFacts]-?: z.ZodOptional<z.ZodType<MeshFacts[Name], MeshFacts[Name]>>;
};

/** What a setting can say of the mesh, beside address ranges and hosts. */
const mesh = z.strictObject(ofMesh);

/** What a catalogue can say of the mesh. */
export const meshOfCatalogue = mesh.extend({ clusterCidrs, externalHosts });

function defaultText(value: unknown): string {
  if (value === undefined) return "";
  return ` Default: ${typeof value === "string" ? value : JSON.stringify(value)}.`;
}

const remedy = z
  .strictObject({
    host: hostPattern.describe("The rules' host, as it is written there or in full."),
    mode: z
      .enum(["SIMPLE", "DISABLE"], { error: "SIMPLE or DISABLE" })
      .describe("SIMPLE, or DISABLE if a waiver for the host says DISABLE too."),
    sni: z.string().optional().describe("The name that the server expects."),
    subjectAltNames: z
      .array(z.string())
      .optional()
      .describe("The names to accept in the server's certificate."),
  })
  .refine(({ mode, subjectAltNames }) => mode !== "SIMPLE" || subjectAltNames?.length, {
    path: ["subjectAltNames"],
    error: "SIMPLE needs the names to accept in the server's certificate",
  });

const schema = z.strictObject({
  mesh: mesh
    .default({})
    .describe("What istiod's own configuration says. A stack's catalogue says it already."),
  externalHosts: z
    .array(hostPattern)
    .default([])
    .describe("Hosts of external aliases that other stacks declare: exact or *.suffix."),
  clusterCidrs: z
    .array(cidr)
    .default([])
    .describe("Pod and Service ranges: an address inside is not outside."),
  clients: z
    .array(client)
    .default([])
    .describe("Callers that the stack doesn't show: judged besides the namespaces it does show."),
  outsideNamespaces: z
    .array(namespace)
    .default(["without-istio"])
    .describe("Namespaces that are meant to stay outside the mesh. Default: without-istio."),
  defaultNamespace: namespace
    .default("default")
    .describe("The namespace of objects whose provider says none. Default: default."),
  waivers: z
    .array(waiver)
    .default([])
    .describe("Violations that someone answers for, for a while."),
  remediation: z
    .array(remedy)
    .default([])
    .describe(
      "What to write in place of ISTIO_MUTUAL, by host, where a rule's level is remediate.",
    ),
});

/** Settings as given: everything is optional. */
export type EgressSettings = z.input<typeof schema>;

/** Settings with every default applied. */
export type ResolvedSettings = z.output<typeof schema>;

/**
 * Checks settings and applies the defaults.
 * @throws SettingsError with one line for each thing that is wrong
 */
export function resolveSettings(...layers: EgressSettings[]): ResolvedSettings {
  // Later layers win, setting by setting; Pulumi leaves settings out that nobody gave.
  const given = Object.assign({}, ...layers) as EgressSettings;
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    ({ path, message }) => `  ${path.map(String).join(".") || "settings"}: ${message}`,
  );
  throw new SettingsError(`The settings of egress-settings can't be used:\n${lines.join("\n")}`);
}

/** Settings that can't be used; the message is for the person who wrote them. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/** What the mesh model reads of the settings. */
export function meshFacts(settings: ResolvedSettings): Partial<MeshFacts> {
  const { mesh, externalHosts, clusterCidrs } = settings;
  return { ...mesh, externalHosts, clusterCidrs };
}

/**
 * The settings as the JSON schema that `configSchema` takes: the structure only. No defaults in it,
 * for the engine would send them as if someone had set them, over what a program's own pack says;
 * and no patterns, for our own check says in words what is wrong.
 */
export function settingsSchema(): PolicyConfigSchema["properties"] {
  const json = z.toJSONSchema(schema, {
    io: "input",
    override: ({ jsonSchema }) => {
      delete jsonSchema.default;
      delete jsonSchema.pattern;
      delete jsonSchema.format;
    },
  });
  return json.properties as PolicyConfigSchema["properties"];
}
