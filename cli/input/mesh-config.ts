import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { Mistake } from "../mistake.js";
import type { Manifest } from "./manifests.js";
import {
  at,
  DEFAULT_FACTS,
  FACTS,
  type FactValue,
  items,
  text,
  type KubeObject,
  type MeshFacts,
} from "../../mesh/index.js";

/** What a mesh's configuration says of the mesh. */
export interface MeshConfig {
  facts: Partial<MeshFacts>;
  /** What was decided when it was read, a sentence each. */
  notes: string[];
}

const values: Partial<Record<FactValue, z.ZodType>> = {
  flag: z.boolean(),
  namespace: z.string(),
  namespaces: z.array(z.string()),
  duration: z.string(),
};

const sameNames = Object.entries(FACTS).filter(([, { inMeshConfig }]) => inMeshConfig);

const meshConfig = z.object({
  ...Object.fromEntries(sameNames.map(([name, { value }]) => [name, values[value]!.optional()])),
  outboundTrafficPolicy: z.object({ mode: z.string().optional() }).optional(),
});

/** The ConfigMap that istiod of a revision reads. */
export function meshConfigName(revision = "default"): string {
  return revision === "default" || revision === "" ? "istio" : `istio-${revision}`;
}

/** The ConfigMap with the values that the injector of a revision renders sidecars with. */
export function injectorName(revision = "default"): string {
  const suffix = revision === "default" || revision === "" ? "" : `-${revision}`;
  return `istio-sidecar-injector${suffix}`;
}

/** A comma-separated list, as Helm's values have it. */
const listed = z
  .string()
  .optional()
  .transform((value) =>
    value?.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()])),
  );

const proxyValues = z.object({
  includeIPRanges: listed,
  excludeIPRanges: listed,
  includeOutboundPorts: listed,
  excludeOutboundPorts: listed,
});

/** What `global.proxy` of Helm's values says of the calls that sidecars take. */
function captureFacts(values: unknown): Partial<MeshFacts> {
  const { success, data } = proxyValues.safeParse(at(values, "global", "proxy"));
  if (!success) return {};
  const facts: Partial<Record<keyof MeshFacts, string[]>> = {};
  if (data.includeIPRanges) facts.includeOutboundIPRanges = data.includeIPRanges;
  if (data.excludeIPRanges) facts.excludeOutboundIPRanges = data.excludeIPRanges;
  if (data.includeOutboundPorts) facts.includeOutboundPorts = data.includeOutboundPorts;
  if (data.excludeOutboundPorts) facts.excludeOutboundPorts = data.excludeOutboundPorts;
  // What is as by default needs no word.
  const defaults: Partial<Record<string, unknown>> = { ...DEFAULT_FACTS };
  return Object.fromEntries(
    Object.entries(facts).filter(([name, value]) => !isDeepStrictEqual(value, defaults[name])),
  );
}

/**
 * Reads `data.values` of the injector's ConfigMap.
 * @throws {Mistake} if it isn't JSON or YAML
 */
export function readInjectorValues(text: string, where: string): Partial<MeshFacts> {
  return captureFacts(yamlIn(text, where, "values"));
}

/** The same from the objects: the injector's ConfigMap, or what it is made from. */
function injectorFactsIn(
  manifests: readonly Pick<Manifest, "object">[],
  revision: string | undefined,
): { facts: Partial<MeshFacts>; where: string } {
  for (const { object } of manifests) {
    const name = at(object, "metadata", "name");
    const namespace = text(at(object, "metadata", "namespace")) || "default";
    const where = `${object.kind} ${namespace}/${text(name)}`;
    const values = at(object, "data", "values");
    if (
      object.kind === "ConfigMap" &&
      name === injectorName(revision) &&
      typeof values === "string"
    ) {
      return { facts: readInjectorValues(values, where), where };
    }
    if (isOfOperator(object) && isOfRevision(object, revision)) {
      return { facts: captureFacts(at(object, "spec", "values")), where };
    }
  }
  return { facts: {}, where: "" };
}

/**
 * Reads `data.mesh` of istiod's ConfigMap.
 * @throws {Mistake} if it isn't a mesh configuration
 */
export function readMeshConfig(text: string, where: string): MeshConfig {
  return meshConfigFrom(yamlIn(text, where), `${where}: mesh`);
}

/**
 * The mesh's configuration among objects: istiod's ConfigMap, or what it is made from (an
 * IstioOperator, an Istio of the Sail operator). Of several, the one in the root namespace counts.
 *
 * @param said what the user said, which counts before it
 * @throws {Mistake} if it can't be read, or two that count alike differ
 */
export function meshConfigIn(
  manifests: readonly Pick<Manifest, "object">[],
  said: Partial<MeshFacts>,
): MeshConfig {
  const found = manifests.flatMap(({ object }) => configIn(object, said.revision) ?? []);
  const { rootNamespace = "istio-system" } = said;
  const inRoot = found.filter(({ namespace }) => namespace === rootNamespace);
  const [first, ...others] = inRoot.length > 0 ? inRoot : found;
  const injector = injectorFactsIn(manifests, said.revision);
  const ofInjector = takenNotes(injector.facts, injector.where, said);
  if (!first) return { facts: injector.facts, notes: ofInjector };
  const differing = others.find(
    ({ config }) => JSON.stringify(config.facts) !== JSON.stringify(first.config.facts),
  );
  if (differing) {
    throw new Mistake(
      `${first.where} and ${differing.where} configure the mesh differently.\n` +
        "Judge the one that counts, or say --revision or --root-namespace.",
    );
  }
  const { facts, notes } = first.config;
  return {
    facts: { ...facts, ...injector.facts },
    notes: [...takenNotes(facts, first.where, said), ...ofInjector, ...notes],
  };
}

function takenNotes(facts: Partial<MeshFacts>, where: string, said: Partial<MeshFacts>): string[] {
  const used = Object.entries(facts).filter(([name]) => !(name in said));
  const taken = used.map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return taken.length > 0 ? [`${taken.join(", ")} is taken from ${where}.`] : [];
}

interface Found {
  namespace: string;
  where: string;
  config: MeshConfig;
}

/** Where each kind has the configuration, and its own revision. */
function configIn(object: KubeObject, revision: string | undefined): Found | undefined {
  const { kind } = object;
  const [name, namespace = "default"] = ["name", "namespace"].map((field) => {
    const value = at(object, "metadata", field);
    return typeof value === "string" ? value : undefined;
  });
  const found = (config: MeshConfig): Found => ({ namespace, where, config });
  const where = `${kind} ${namespace}/${name}`;
  if (kind === "ConfigMap" && object.apiVersion === "v1") {
    const text = at(object, "data", "mesh");
    const isOwn = name === meshConfigName(revision) && typeof text === "string";
    return isOwn ? found(readMeshConfig(text, where)) : undefined;
  }
  if (!isOfOperator(object) || !isOfRevision(object, revision)) return undefined;
  const config = at(object, "spec", "meshConfig") ?? at(object, "spec", "values", "meshConfig");
  return config === undefined ? undefined : found(meshConfigFrom(config, `${where}: meshConfig`));
}

function isOfOperator({ kind, apiVersion }: KubeObject): boolean {
  const isOperators = kind === "IstioOperator" || kind === "Istio";
  return isOperators && /^(install\.istio|sailoperator)\.io\//.test(apiVersion);
}

function isOfRevision(object: KubeObject, revision: string | undefined): boolean {
  const own = at(object, "spec", "revision") ?? at(object, "spec", "values", "revision");
  return (own || "default") === (revision ?? "default");
}

function meshConfigFrom(config: unknown, where: string): MeshConfig {
  const { success, data, error } = meshConfig.safeParse(config);
  if (success) {
    const { outboundTrafficPolicy: policy, ...stated } = data;
    // REGISTRY_ONLY is the first value of the enumeration, so it holds when only the block is written.
    const isClosed = (policy?.mode ?? "REGISTRY_ONLY") === "REGISTRY_ONLY";
    const outboundTrafficPolicy = isClosed ? "REGISTRY_ONLY" : "ALLOW_ANY";
    const facts = { ...stated, ...(policy && ({ outboundTrafficPolicy } as const)) };
    return { facts, notes: narrowedBy(config) };
  }
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  throw new Mistake(`${where}: ${[...path, message].join(": ")}.`);
}

function yamlIn(text: string, where: string, key = "mesh"): unknown {
  try {
    return parse(text) ?? {};
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    throw new Mistake(`${where}: ${key}: not YAML: ${line}`);
  }
}

/** Settings that keep objects from istiod, or from clients. */
function narrowedBy(config: unknown): string[] {
  const selectsNamespaces = items(at(config, "discoverySelectors")).length > 0;
  const capsEntries = at(config, "serviceEntryVisibility", "applyToSidecars") === true;
  return [
    ...(selectsNamespaces ? ["discoverySelectors"] : []),
    ...(capsEntries ? ["serviceEntryVisibility"] : []),
  ].map(
    (setting) =>
      `meshConfig.${setting} isn't modelled: everything is judged as if istiod read and showed it.`,
  );
}
