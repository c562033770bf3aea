import { optionalText } from "./fields.js";

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

/** What an object says of itself, besides its token. Values that aren't known are none. */
interface OwnType {
  apiVersion?: unknown;
  kind?: unknown;
}

/**
 * What kind of object a resource stands for. The provider reads the object's own `apiVersion` and
 * `kind`, whatever the token says: a CustomResource may be made with any, and a transform can change
 * them. The token counts where they aren't there or aren't known.
 *
 * @param token such as `kubernetes:core/v1:Service`,
 *   `kubernetes:networking.istio.io/v1beta1:DestinationRulePatch` or `kubernetes:core/v1:EndpointsList`;
 *   a provider for custom resources has another first part
 * @returns undefined for anything that isn't one Kubernetes object: components, charts, providers,
 *   other clouds
 */
export function kubeType(token: string, own: OwnType = {}): KubeType | undefined {
  const [, package_ = "", group = "", version = "", name = ""] = TOKEN.exec(token) ?? [];
  if (NOT_AN_OBJECT.has(group)) return undefined;
  const kind = optionalText(own.kind);
  const apiVersion = optionalText(own.apiVersion);
  const isVersioned = VERSION.test(version);
  if (kind && apiVersion && (package_ === "kubernetes" || isVersioned)) {
    return typeOf(withoutCore(apiVersion), kind, name);
  }
  if (package_ !== "kubernetes" || !isVersioned || !/^[A-Z]/.test(name)) return undefined;
  const plain = kind ?? name.replace(/Patch$/, "");
  return typeOf(apiVersion ?? withoutCore(group ? `${group}/${version}` : version), plain, name);
}

const TOKEN = /^([^:]+):(?:([^:]+)\/)?([^:/]+):([^:]+)$/;
const VERSION = /^v\d+(?:(?:alpha|beta)\d+)?$/;

/** A patch is recognized by its token, a list by its kind. */
function typeOf(apiVersion: string, kind: string, name: string): KubeType {
  if (name === `${kind}Patch`) return { apiVersion, kind, form: "patch" };
  return kind.endsWith("List")
    ? { apiVersion, kind: kind.slice(0, -"List".length), form: "list" }
    : { apiVersion, kind, form: "object" };
}

/** Pulumi's name of the group that has none. */
function withoutCore(apiVersion: string): string {
  return apiVersion.replace(/^core\//, "");
}

/** Groups of the provider's own resources: collections and releases, not objects. */
const NOT_AN_OBJECT = new Set(["helm.sh", "yaml", "kustomize"]);
