import type { V1Pod } from "@kubernetes/client-node";
import { asSidecar, sidecarClusters } from "../../local/sidecar.js";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import type { TestPlane } from "./sharedPlane.js";

const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
const ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

/**
 * Keeps a stream to istiod open, as the sidecar of a namespace's only Pod would, while `work` goes on:
 * a fake node starts no sidecars, and istiod knows only those that are connected.
 */
export async function withConnectedSidecar<T>(
  { plane }: TestPlane,
  namespace: string,
  work: () => Promise<T>,
): Promise<T> {
  const objects = objectsIn(plane.kubeconfig);
  // A Pod that a test before has deleted may still be on its way out.
  const pod = await eventually(async () => {
    const { items } = await objects.list<V1Pod>("v1", "Pod", namespace);
    if (items.length !== 1) throw new Error(`${items.length} Pods in ${namespace}, not one`);
    return items[0];
  });
  const identity = {
    pod: pod.metadata!.name!,
    namespace,
    ip: pod.status!.podIP!,
    labels: pod.metadata!.labels!,
  };
  return asSidecar(plane.istiod, identity, 60_000, async ({ subscribe }) => {
    await subscribe(CLUSTERS);
    const clusters = await sidecarClusters(plane.istiod, { ...identity, pod: "other" });
    const byEndpoints = clusters.filter(({ discovery }) => discovery === "EDS");
    await subscribe(
      ENDPOINTS,
      byEndpoints.map(({ port, subset, host }) => `outbound|${port}|${subset}|${host}`),
    );
    await subscribe(ROUTES, [...new Set(clusters.map(({ port }) => String(port)))]);
    return work();
  });
}
