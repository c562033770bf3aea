import { isRead, KINDS, UNKNOWN } from "../mesh/index.js";
import type { SeenResource } from "./stack-object.js";
import { kubeType } from "./tokens.js";
import { knownFields, knownValues } from "./unknowns.js";
import { optionalText } from "./fields.js";

/** A resource that brings something into a cluster that no policy can see. */
export interface Unseen {
  urn: string;
  /** Pulumi's name of it. */
  name: string;
  /** Why, and what would be seen instead: a sentence. */
  what: string;
}

/** Resources by their type tokens: whatever they bring passes no policy. */
export const UNSEEN_TYPES: readonly { types: RegExp; examples: string; what: string }[] = [
  {
    types: /^kubernetes:helm\.sh\/v\d+:Release$/,
    examples: "`kubernetes:helm.sh/v3:Release`",
    what: "Helm creates the objects of this release itself; use a Chart resource, or judge its rendered YAML.",
  },
  {
    types: /^(kubernetes|kubectl|kustomization|helm|argocd|flux|k8s|k8sconnect|rancher2):index\//,
    examples:
      "what Terraform's providers create: `kubernetes:index/manifest:Manifest`, `kubectl:index/manifest:Manifest`, `helm:index/release:Release`",
    what: "Another provider than Pulumi's for Kubernetes creates its objects; declare them with that one.",
  },
  {
    types: /^command:(local|remote):/,
    examples: "`command:local:Command`, `command:remote:Command`",
    what: "A command can change the cluster, and no policy sees what it does; declare the objects as resources.",
  },
  {
    types: /^pulumi-(nodejs|python):dynamic[:/]/,
    examples: "`pulumi-nodejs:dynamic:Resource`, `pulumi-python:dynamic:Resource`",
    what: "A dynamic provider can change the cluster, and no policy sees what it does; declare the objects as resources.",
  },
];

/** Kubernetes objects of which a controller in the cluster makes others, by API group. */
export const UNSEEN_KINDS: readonly { group: string; kinds: readonly string[] }[] = [
  { group: "argoproj.io", kinds: ["Application", "ApplicationSet"] },
  { group: "helm.toolkit.fluxcd.io", kinds: ["HelmRelease"] },
  { group: "kustomize.toolkit.fluxcd.io", kinds: ["Kustomization"] },
  { group: "helm.cattle.io", kinds: ["HelmChart"] },
  { group: "fleet.cattle.io", kinds: ["GitRepo", "Bundle"] },
];

/** Finds what each resource of a stack brings that can't be seen. */
export function unseenIn(resources: readonly SeenResource[]): (resource: SeenResource) => Unseen[] {
  const parents = new Set(resources.map(({ parent }) => parent?.urn));
  return (resource) => {
    const what = whyUnseen(resource, parents.has(resource.urn));
    return what === undefined ? [] : [{ urn: resource.urn, name: resource.name, what }];
  };
}

function whyUnseen(resource: SeenResource, hasChildren: boolean): string | undefined {
  const { type } = resource;
  const listed = UNSEEN_TYPES.find(({ types }) => types.test(type));
  if (listed) return listed.what;
  if (isCollection(type)) {
    return hasChildren
      ? undefined
      : "This collection shows no objects in this preview: its content isn't known yet.";
  }
  const own = knownFields(resource.props, ["apiVersion", "kind"]);
  const object = kubeType(type, own);
  if (!object) {
    const isComponent =
      hasChildren || resource.provider === undefined || type.startsWith("pulumi:");
    return !isComponent && carriesObject(knownValues(resource.props)) ? CARRIED : undefined;
  }
  if (own.kind === UNKNOWN || own.apiVersion === UNKNOWN) {
    return "What kind of object this is isn't known in this preview; write its apiVersion and kind as text.";
  }
  return isMadeOf(object) ? CONTROLLED : undefined;
}

const CONTROLLED =
  "A controller in the cluster makes objects of it, which no policy sees; judge what it renders.";
const CARRIED =
  "It carries objects of Kubernetes in its properties; declare them with Pulumi's provider for Kubernetes.";

/**
 * A collection whose children are ordinary resources of the stack, unless its content isn't known
 * yet: then there are no children to see.
 */
export function isCollection(token: string): boolean {
  return /^kubernetes:(yaml(\/v\d+)?:Config(File|Group)|helm\.sh\/v\d+:Chart|kustomize(\/v\d+)?:Directory)$/.test(
    token,
  );
}

function isMadeOf({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  const [group] = apiVersion.split("/");
  return UNSEEN_KINDS.some((unseen) => unseen.group === group && unseen.kinds.includes(kind));
}

/** Whether an object of a kind that decides something is in a value, as such or as YAML. */
function carriesObject(value: unknown): boolean {
  if (typeof value === "string") return WRITTEN.test(value) && /\bapiVersion\b/.test(value);
  if (typeof value !== "object" || value === null) return false;
  const { apiVersion, kind } = value as Record<string, unknown>;
  return (
    decides(optionalText(apiVersion) ?? "", optionalText(kind) ?? "") ||
    Object.values(value).some(carriesObject)
  );
}

function decides(apiVersion: string, kind: string): boolean {
  return isRead({ apiVersion, kind }) && /(^|\/)v\d/.test(apiVersion);
}

/** `kind: Service`, in YAML or JSON. */
const WRITTEN = new RegExp(`\\bkind["']?\\s*:\\s*["']?(${Object.keys(KINDS).join("|")})\\b`);
