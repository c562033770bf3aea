import { at, compareRefs, items, refOf, text, type Plain } from "../input/plain.js";
import { changesClusters } from "../call/envoy-filters.js";
import { flatten } from "../input/flatten.js";
import { unknownPaths } from "../input/unknowns.js";
import type { KubeObject, ObjectRef } from "../input/kube-object.js";

/** An object that can change what was judged, and that the model doesn't read. */
export interface Unmodelled {
  object: ObjectRef;
  /** What it can change, in words: a clause. */
  why: string;
}

/** Says of which objects the answers know nothing though they may matter, by namespace and name. */
export function unmodelled(objects: readonly KubeObject[]): Unmodelled[] {
  const all = flatten(objects);
  // Where nothing narrows what clients import, routes bring along nothing new.
  const isNarrow = all.some(({ kind }) => kind === "Sidecar");
  return all
    .flatMap((object) => {
      const why = reasonOf(object, isNarrow);
      return why === undefined ? [] : [{ object: refOf(object), why }];
    })
    .sort((a, b) => compareRefs(a.object, b.object));
}

function reasonOf(object: Plain, isNarrow: boolean): string | undefined {
  const [group = ""] = text(object.apiVersion).split("/");
  if (object.kind === "EnvoyFilter" && group === "networking.istio.io") {
    const patches = items(at(object, "spec", "configPatches"));
    return patches.some(changesClusters)
      ? "it patches clusters, which can change the TLS that is shown here"
      : undefined;
  }
  if (group !== "gateway.networking.k8s.io" || !text(object.kind).endsWith("Route"))
    return undefined;
  const parents = items(at(object, "spec", "parentRefs"));
  const isOpen = unknownPaths(object).some((path) => path[0] === "spec");
  return isNarrow && isOpen && (parents.length === 0 || parents.some(isOfMesh))
    ? "clients may import what it leads to, whatever their Sidecar says, and that isn't known yet"
    : undefined;
}

/** A route whose parent is a Service holds for the sidecars that call it. */
function isOfMesh(parent: unknown): boolean {
  return ["Service", "ServiceEntry"].includes(text(at(parent, "kind")));
}
