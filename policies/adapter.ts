import { groupOf, type KubeObject, kindSpec, UNKNOWN, compareText, items } from "../mesh/index.js";
import {
  clustersAmong,
  type Connection,
  type Connections,
  connectionsOf,
  isOneCluster,
} from "./connections.js";
import { map, optionalText } from "./fields.js";
import { mergePatches } from "./patches.js";
import { type SeenObject, type SeenResource, type StackObject, identity } from "./stack-object.js";
import { type KubeType, kubeType } from "./tokens.js";
import { knownFields, knownValues } from "./unknowns.js";
import { type Unseen, unseenIn } from "./unseen.js";

/** The stack's objects in one Kubernetes cluster. */
export interface StackCluster {
  objects: StackObject[];
  /** What the stack brings into this cluster that no policy can see. */
  unseen: Unseen[];
  /** Providers that count as this one cluster's because nothing identifies theirs, by name. */
  doubtful: string[];
}

/** What is read of objects that their resources don't say. */
export interface AdapterOptions {
  /** The namespace of an object without one, where neither its provider nor a kubeconfig has one. @default "default" */
  defaultNamespace?: string;
  /** Where providers lead. @default what their kubeconfigs on this machine say */
  connections?: Connections;
}

const ON_THIS_MACHINE = connectionsOf();

/**
 * The Kubernetes objects among a stack's resources, as their YAML would say, by cluster. Values
 * that aren't known in this preview are UNKNOWN. Objects come in a fixed order, whatever the order
 * of the resources. Objects are judged together unless their clusters are known to be different
 * ones: objects judged together that don't meet are better than objects that meet and aren't judged.
 */
export function stackClusters(
  resources: readonly SeenResource[],
  options: AdapterOptions = {},
): StackCluster[] {
  const connections = options.connections ?? ON_THIS_MACHINE;
  const unseenOf = unseenIn(resources);
  const brought = resources
    .map((resource) => ({
      connection: connections(resource.provider),
      provider: providerName(resource),
      seen: kubeObjects(resource, options),
      unseen: unseenOf(resource),
      isKubernetes: resource.type.startsWith("kubernetes:"),
    }))
    .filter(({ seen, unseen }) => seen.length + unseen.length > 0);
  const placed = brought.filter(({ isKubernetes, seen }) => isKubernetes || seen.length > 0);
  // What other providers do may meet any cluster of the stack.
  const anywhere = brought.filter(({ isKubernetes, seen }) => !isKubernetes && seen.length === 0);
  const used = [...new Set(placed.map(({ connection }) => connection))];
  return clustersAmong(used).map((cluster) => {
    const members = new Set(cluster);
    const here = placed.filter(({ connection }) => members.has(connection));
    return {
      objects: mergePatches(inOrder(here.flatMap(({ seen }) => seen))),
      unseen: [...here, ...anywhere]
        .flatMap(({ unseen }) => unseen)
        .sort((a, b) => compareText(a.urn, b.urn)),
      doubtful: doubtfulAmong(here),
    };
  });
}

function providerName({ provider }: SeenResource): string {
  return provider?.name ?? "default";
}

/** The objects that one resource stands for: none, one, or the items of a list. */
export function kubeObjects(resource: SeenResource, options: AdapterOptions = {}): SeenObject[] {
  const type = kubeType(resource.type, knownFields(resource.props, ["apiVersion", "kind"]));
  if (!type) return [];
  const properties = knownValues(resource.props) as Record<string, unknown>;
  const { connections = ON_THIS_MACHINE, defaultNamespace = "default" } = options;
  const namespace = () => connections(resource.provider).namespace ?? defaultNamespace;
  return itemsOf(type, properties, []).map(({ type, fields, path }) => ({
    object: kubeObject(type, fields, namespace),
    urn: resource.urn,
    logicalName: resource.name,
    provider: providerName(resource),
    path,
    patch: type.form === "patch",
  }));
}

/** An object in a resource's properties, and the way to it from there. */
interface Item {
  type: KubeType;
  fields: Record<string, unknown>;
  path: readonly (string | number)[];
}

/** The object itself, or a list's: each of the kind that it says, or of the list's. */
function itemsOf(type: KubeType, fields: Record<string, unknown>, path: Item["path"]): Item[] {
  if (type.form !== "list") return isRead(type) ? [{ type, fields, path }] : [];
  const of = { ...type, form: "object" as const };
  // What isn't known may hold any object of the list's kind.
  const any = { type: of, fields: { metadata: UNKNOWN, spec: UNKNOWN } };
  if (fields.items === UNKNOWN) return isRead(of) ? [{ ...any, path: [...path, "items"] }] : [];
  return items(fields.items).flatMap((item, index) => {
    const itemPath = [...path, "items", index];
    if (item === UNKNOWN) return isRead(of) ? [{ ...any, path: itemPath }] : [];
    const own = map(item);
    const [apiVersion, kind] = [optionalText(own.apiVersion), optionalText(own.kind)];
    const itemType = kind
      ? kubeType(`kubernetes:v0:${kind}`, { apiVersion: apiVersion ?? of.apiVersion, kind })
      : of;
    return itemType ? itemsOf(itemType, own, itemPath) : [];
  });
}

/** Kinds that hold what must never be repeated, and that say nothing about traffic. */
const UNREAD = new Set(["Secret", "ConfigMap"]);

/** Another group's kind of the same name (Knative has a Service) is another kind. */
function isRead({ apiVersion, kind }: KubeType): boolean {
  if (kind === "" || UNREAD.has(kind)) return false;
  const known = kindSpec(kind);
  return known === undefined || known.group === groupOf(apiVersion);
}

function kubeObject(
  type: KubeType,
  fields: Record<string, unknown>,
  namespace: () => string | typeof UNKNOWN,
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
      ...(kind === "Namespace" ? {} : { namespace: (given.namespace || namespace()) as string }),
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

/** The names of a cluster's providers, where some are in it only because nothing identifies theirs. */
function doubtfulAmong(brought: readonly { connection: Connection; provider: string }[]): string[] {
  const connections = [...new Set(brought.map(({ connection }) => connection))];
  const isSaid = ({ destination, identifier }: Connection) => destination ?? identifier;
  // Where providers don't say where they lead, saying it alike makes them no more one.
  const doubtful = isOneCluster(connections)
    ? brought.filter(({ connection }) => isSaid(connection) === undefined)
    : brought;
  const names = [...new Set(doubtful.map(({ provider }) => provider))];
  return names.length > 1 || !isOneCluster(connections) ? names.sort(compareText) : [];
}

/** By kind, namespace and name; what has the same name, by its resource. */
function inOrder(seen: readonly SeenObject[]): SeenObject[] {
  return seen
    .map((one) => ({ one, key: identity(one) }))
    .sort((a, b) => compareText(a.key, b.key) || compareText(a.one.urn, b.one.urn))
    .map(({ one }) => one);
}
