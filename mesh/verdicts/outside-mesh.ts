import { at } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";

/**
 * Whether a client is known to be outside the mesh: its namespace says so itself. Where nothing is
 * said, it may be known elsewhere, and the client counts as one with a sidecar.
 */
export function isOutsideMesh({ objects }: Mesh, { namespace, gateway }: Client): boolean {
  if (gateway) return false;
  return objects.some(
    (object) =>
      object.kind === "Namespace" &&
      at(object, "metadata", "name") === namespace &&
      at(object, "metadata", "labels", "istio-injection") === "disabled",
  );
}
