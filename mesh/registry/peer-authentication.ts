import { at, byCreation, creationTime, labelsOf, refOf, text, type Plain } from "../input/plain.js";

/** What the endpoints of a namespace accept, as far as namespace and mesh policies say. */
export type AcceptedTls = "DISABLE" | "PERMISSIVE" | "STRICT";

/**
 * Reads PeerAuthentications (pilot/pkg/model/authentication.go): the oldest one without a selector
 * counts for its namespace, the root namespace's for the whole mesh. Policies of single workloads
 * or ports are not looked at when clusters are built.
 */
export function readAuthentication(
  objects: readonly Plain[],
  rootNamespace: string,
): (namespace: string) => AcceptedTls {
  const modes = new Map<string, string>();
  const policies = objects
    .map((object) => ({ object, ref: refOf(object), created: creationTime(object) }))
    .sort(byCreation);
  for (const { object, ref } of policies) {
    if (isSelective(object) || modes.has(ref.namespace)) continue;
    modes.set(ref.namespace, text(at(object, "spec", "mtls", "mode")));
  }
  const ofMesh = accepted(modes.get(rootNamespace)) ?? "PERMISSIVE";
  return (namespace) => accepted(modes.get(namespace)) ?? ofMesh;
}

/** Whether a PeerAuthentication is for some workloads only. */
export function isSelective(object: Plain): boolean {
  return Object.keys(labelsOf(at(object, "spec", "selector", "matchLabels"))).length > 0;
}

function accepted(mode: string | undefined): AcceptedTls | undefined {
  return mode === "DISABLE" || mode === "STRICT" || mode === "PERMISSIVE" ? mode : undefined;
}
