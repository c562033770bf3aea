/**
 * Plain Kubernetes objects as the model reads them, and the one value that stands for "not known
 * in this preview".
 */

/**
 * Stands in an object wherever a leaf or a whole subtree can't be known before the objects exist
 * (a Pulumi preview). Whatever depends on it is undecided; nothing else is.
 */
export const UNKNOWN: unique symbol = Symbol.for("istio-egress.unknown");

/** A value that may be unknown. */
export type Known<T> = T | typeof UNKNOWN;

/** Whether a value is {@link UNKNOWN}. */
export function isUnknown(value: unknown): value is typeof UNKNOWN {
  return value === UNKNOWN;
}

/**
 * Any Kubernetes object, as its YAML says. Any leaf below `metadata`, `spec`, `endpoints`,
 * `subsets` and so on may be {@link UNKNOWN}; `apiVersion` and `kind` may not.
 */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Known<{
    name?: Known<string>;
    /** @default "default" (the caller resolves a provider's default namespace first) */
    namespace?: Known<string>;
    labels?: Known<Record<string, Known<string>>>;
    annotations?: Known<Record<string, Known<string>>>;
    /** RFC 3339. Absent: the order of creation is not known. */
    creationTimestamp?: Known<string>;
  }>;
  [field: string]: unknown;
}

/** Names one object. */
export interface ObjectRef {
  kind: string;
  namespace: string;
  name: string;
}

/** `namespace/name`, or the name alone of what has no namespace. */
export function refText({ namespace, name }: Pick<ObjectRef, "namespace" | "name">): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** `Kind namespace/name`, for people. */
export function namedText(ref: ObjectRef): string {
  return `${ref.kind} ${refText(ref)}`;
}

/** `Kind/namespace/name`, which no other object has. */
export function objectText(ref: ObjectRef): string {
  return `${ref.kind}/${refText(ref)}`;
}

/** A value that was not known: which object, and where in it (`spec.host`). */
export interface UnknownValue {
  object: ObjectRef;
  path: string;
}
