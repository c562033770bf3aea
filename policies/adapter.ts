import type { PolicyResource } from "@pulumi/policy";
import { type KubeObject, UNKNOWN } from "../mesh/index.js";
import { mergePatches } from "./patches.js";
import { type SeenObject, type StackObject, compareText, identity } from "./stack-object.js";
import { type KubeType, isCollection, isHelmRelease, kubeType } from "./tokens.js";
import { hasUnknown, knownValues } from "./unknowns.js";

/** The part of a Pulumi resource that is read; resource rules and stack rules both have it. */
export type SeenResource = Pick<PolicyResource, "type" | "name" | "urn" | "props" | "provider"> & {
  parent?: { urn: string };
};

/** The stack's objects in one Kubernetes cluster. */
export interface StackCluster {
  objects: StackObject[];
  /** What the stack brings into this cluster that no policy can see: one sentence each. */
  unseen: { urn: string; what: string }[];
}

/** What an object without a namespace, with a provider that has none, belongs to. */
export interface AdapterOptions {
  /** @default "default" */
  defaultNamespace?: string;
}

/**
 * The Kubernetes objects among a stack's resources, as their YAML would say, by cluster. Values
 * that aren't known in this preview are UNKNOWN. Objects come in a fixed order, whatever the order
 * of the resources.
 */
export function stackClusters(
  resources: readonly SeenResource[],
  options: AdapterOptions = {},
): StackCluster[] {
  const clusters = new Map<string, { seen: SeenObject[]; unseen: StackCluster["unseen"] }>();
  const keyOf = clusterKeys(resources);
  const parents = new Set(resources.map((resource) => resource.parent?.urn));
  for (const resource of resources) {
    const seen = kubeObjects(resource, options);
    const unseen = unseenContent(resource, parents.has(resource.urn));
    if (seen.length === 0 && !unseen) continue;
    const key = keyOf(resource);
    const cluster = clusters.get(key) ?? { seen: [], unseen: [] };
    clusters.set(key, cluster);
    cluster.seen.push(...seen);
    if (unseen) cluster.unseen.push({ urn: resource.urn, what: unseen });
  }
  return [...clusters.values()].map(({ seen, unseen }) => ({
    objects: mergePatches(inOrder(seen)),
    unseen: unseen.sort((a, b) => compareText(a.urn, b.urn)),
  }));
}

/** The objects that one resource stands for: none, one, or the items of a list. */
export function kubeObjects(resource: SeenResource, options: AdapterOptions = {}): SeenObject[] {
  const type = kubeType(resource.type);
  if (!type || UNREAD.has(type.kind)) return [];
  const properties = knownValues(resource.props) as Record<string, unknown>;
  const namespace = providerNamespace(resource) ?? options.defaultNamespace ?? "default";
  return listed(type, properties).map((fields) => ({
    object: kubeObject(type, fields, namespace),
    urn: resource.urn,
    logicalName: resource.name,
    patch: type.form === "patch",
  }));
}

/** Kinds that hold what must never be repeated, and that say nothing about traffic. */
const UNREAD = new Set(["Secret", "ConfigMap"]);

function listed(type: KubeType, properties: Record<string, unknown>): Record<string, unknown>[] {
  if (type.form !== "list") return [properties];
  const items = properties.items;
  // A list that isn't known may hold any object of its kind.
  if (items === UNKNOWN) return [{ metadata: UNKNOWN, spec: UNKNOWN }];
  if (!Array.isArray(items)) return [];
  return items.map((item: unknown) =>
    typeof item === "object" && item !== null
      ? (item as Record<string, unknown>)
      : { metadata: UNKNOWN, spec: UNKNOWN },
  );
}

function kubeObject(
  type: KubeType,
  fields: Record<string, unknown>,
  namespace: string | typeof UNKNOWN,
): KubeObject {
  const { apiVersion, kind } = type;
  const metadata = fields.metadata;
  if (metadata === UNKNOWN) return { ...fields, apiVersion, kind, metadata: UNKNOWN };
  const given = (metadata ?? {}) as Record<string, unknown>;
  return {
    ...fields,
    apiVersion,
    kind,
    metadata: {
      ...given,
      // No name yet: the provider will choose one.
      name: (given.name ?? UNKNOWN) as string,
      ...(kind === "Namespace" ? {} : { namespace: (given.namespace ?? namespace) as string }),
      creationTimestamp: creationTimestamp(given),
    },
  };
}

/**
 * The API server's timestamp, where it is one. A preview's dry run returns a timestamp too, of an
 * object that doesn't exist: it has no resourceVersion, and its order of creation isn't known.
 */
function creationTimestamp(metadata: Record<string, unknown>): string | undefined {
  const { creationTimestamp, resourceVersion } = metadata;
  return typeof creationTimestamp === "string" && resourceVersion ? creationTimestamp : undefined;
}

/** The provider's default namespace; undefined where it has none. */
function providerNamespace(resource: SeenResource): string | typeof UNKNOWN | undefined {
  const { namespace } = (knownValues(resource.provider?.props) ?? {}) as Record<string, unknown>;
  return namespace === UNKNOWN || (typeof namespace === "string" && namespace !== "")
    ? namespace
    : undefined;
}

/**
 * Tells clusters apart by what their providers connect with, so that two providers of one cluster
 * are one. A provider that doesn't say, or not yet, counts as the others' cluster if they have but
 * one: objects judged together that don't meet are better than objects that meet and aren't judged.
 * Keys may hold credentials and never leave this file.
 */
function clusterKeys(resources: readonly SeenResource[]): (resource: SeenResource) => string {
  const keys = new Map(resources.map((resource) => [resource, connection(resource)]));
  const said = new Set([...keys.values()].filter((key) => key !== ""));
  const [only] = said.size === 1 ? said : [""];
  return (resource) => keys.get(resource) || (only ?? "");
}

/** What a provider connects with; "" where it isn't said or known. */
function connection(resource: SeenResource): string {
  const provider = (knownValues(resource.provider?.props) ?? {}) as Record<string, unknown>;
  const parts = [provider.kubeconfig, provider.context, provider.cluster];
  const isSaid = parts.some((part) => part !== undefined && part !== "");
  return isSaid && !parts.some(hasUnknown) ? JSON.stringify(parts) : "";
}

function unseenContent(resource: SeenResource, hasChildren: boolean): string | undefined {
  if (isHelmRelease(resource.type)) {
    return "Helm creates the objects of this release itself; use a Chart resource, or judge its rendered YAML.";
  }
  if (isCollection(resource.type) && !hasChildren) {
    return "This collection shows no objects in this preview: its content isn't known yet.";
  }
  return undefined;
}

/** By kind, namespace and name; what goes by the same name, by its resource. */
function inOrder(seen: readonly SeenObject[]): SeenObject[] {
  return seen
    .map((one) => ({ one, key: identity(one) }))
    .sort((a, b) => compareText(a.key, b.key) || compareText(a.one.urn, b.one.urn))
    .map(({ one }) => one);
}
