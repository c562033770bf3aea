import { at, type KubeObject } from "../../mesh/index.js";
import type { ApiServer } from "../kube/api-server.js";
import { isMirrored, refOf } from "./there.js";

/**
 * The objects of a cluster with the Endpoints that somebody wrote, in the place of the slices that
 * Kubernetes mirrors them to: it is the Endpoints that are to be taken over.
 */
export async function withEndpoints(
  objects: readonly KubeObject[],
  server: ApiServer,
): Promise<KubeObject[]> {
  const written = new Set(
    objects
      .filter((object) => object.kind === "Service" && at(object["spec"], "selector") === undefined)
      .map(keyOf),
  );
  const endpoints: KubeObject[] = [];
  for await (const object of server.list({ path: "/api/v1", plural: "endpoints" })) {
    if (written.has(keyOf(object as KubeObject))) endpoints.push(object as KubeObject);
  }
  const isIn = new Set(endpoints.map(keyOf));
  return [...objects.filter((object) => !isMirrorOf(object, isIn)), ...endpoints];
}

function keyOf(object: KubeObject): string {
  const { namespace, name } = refOf(object);
  return `${namespace}/${name}`;
}

function isMirrorOf(object: KubeObject, endpoints: ReadonlySet<string>): boolean {
  if (object.kind !== "EndpointSlice" || !isMirrored(object)) return false;
  const service = at(object.metadata, "labels", "kubernetes.io/service-name");
  return endpoints.has(`${refOf(object).namespace}/${String(service)}`);
}
