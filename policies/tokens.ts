/**
 * Pulumi's type tokens of Kubernetes resources. They are matched as text: a custom resource's
 * class has no token to compare with, and importing the provider's SDK would cost every preview
 * seconds.
 */

/** What a token says about the object behind it. */
export interface KubeType {
  /** As in YAML: `v1`, `networking.istio.io/v1`. */
  apiVersion: string;
  /** As in YAML, without `Patch` or `List`. */
  kind: string;
  /** `patch`: some fields of an object that may live elsewhere. `list`: `items` holds objects. */
  form: "object" | "patch" | "list";
}

/**
 * Reads a token such as `kubernetes:core/v1:Service`, `kubernetes:networking.istio.io/v1beta1:DestinationRulePatch`
 * or `kubernetes:core/v1:EndpointsList`. Undefined for anything that isn't one Kubernetes object:
 * components, charts, providers, other clouds.
 */
export function kubeType(token: string): KubeType | undefined {
  const match = /^kubernetes:([^:]+\/)?(v\d+(?:(?:alpha|beta)\d+)?):([A-Z]\w*)$/.exec(token);
  if (!match) return undefined;
  const [, group = "", version = "", kindAndForm = ""] = match;
  if (NOT_AN_OBJECT.has(group)) return undefined;
  const suffix = /(Patch|List)$/.exec(kindAndForm)?.[1];
  return {
    apiVersion: group === "core/" ? version : group + version,
    kind: suffix ? kindAndForm.slice(0, -suffix.length) : kindAndForm,
    form: suffix === "Patch" ? "patch" : suffix === "List" ? "list" : "object",
  };
}

/** Groups of the provider's own resources: collections and releases, not objects. */
const NOT_AN_OBJECT = new Set(["helm.sh/", "yaml/", "kustomize/"]);

/** A Helm release: its objects are created by Helm and never pass the engine. */
export function isHelmRelease(token: string): boolean {
  return /^kubernetes:helm\.sh\/v\d+:Release$/.test(token);
}

/**
 * A collection whose children are ordinary resources of the stack, unless its content isn't known
 * yet: then there are no children to see.
 */
export function isCollection(token: string): boolean {
  return /^kubernetes:(yaml(\/v\d+)?:Config(File|Group)|helm\.sh\/v\d+:Chart|kustomize(\/v\d+)?:Directory)$/.test(
    token,
  );
}
