/**
 * What every reader of objects checks of a value, whatever its source: is it a Kubernetes object,
 * is it a list of them.
 */

import { isPlain, isRead } from "../../mesh/index.js";
import { type Fault, fault } from "./fault.js";
import { metadataFault } from "./metadata.js";
import { coreFault } from "./schema/core.js";
import { crdFault, kindFault } from "./schema/index.js";

/**
 * The first {@link Fault} of a value; undefined if it is an object, or a list of them. Refused is
 * what the API server would refuse of objects of Istio and of the Gateway API, and of Kubernetes' own that
 * the model reads. Others may look as they like (a Kustomization has no metadata).
 */
export function faultOf(value: unknown): Fault | undefined {
  if (!isPlain(value)) return fault([], value, "a Kubernetes object");
  for (const [field, example] of Object.entries({ apiVersion: "v1", kind: "Service" })) {
    const given = value[field];
    if (typeof given !== "string" || given === "") {
      return fault([field], given, `text such as "${example}"`);
    }
  }
  const object = value as { apiVersion: string; kind: string; metadata?: unknown };
  if (isList(object)) return undefined;
  const wrongKind = kindFault(object);
  if (wrongKind) return wrongKind;
  return (
    (isRead(object) ? metadataFault(object.metadata, object.kind) : undefined) ??
    crdFault(object) ??
    coreFault(object)
  );
}

/** Whether it is `kind: List`, or a typed list as the API server answers (`ServiceList`). */
export function isList(
  value: object,
): value is { apiVersion: string; kind: string; items: unknown[] } {
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items);
}

/** An item of a typed list leaves out its own kind, because the list's says it. */
export function itemOfList(list: { apiVersion: string; kind: string }, item: unknown): unknown {
  if (list.kind === "List" || !isPlain(item)) return item;
  return { apiVersion: list.apiVersion, kind: list.kind.replace(/List$/, ""), ...item };
}
