import { at, type Plain } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";

/**
 * Whether a client is known to be outside the mesh: its namespace says so itself. Where nothing is
 * said, it may be known elsewhere, and the client counts as one with a sidecar.
 */
export function isOutsideMesh(mesh: Mesh, { namespace, gateway }: Client): boolean {
  if (gateway) return false;
  let known = outside.get(mesh);
  if (!known) outside.set(mesh, (known = namespacesOutside(mesh)));
  return known.has(namespace);
}

const outside = new WeakMap<Mesh, ReadonlySet<unknown>>();

function namespacesOutside({ objects }: Mesh): Set<unknown> {
  const isOutside = (object: Plain) =>
    object.kind === "Namespace" &&
    at(object, "metadata", "labels", "istio-injection") === "disabled";
  return new Set(objects.filter(isOutside).map((object) => at(object, "metadata", "name")));
}
