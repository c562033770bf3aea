/** What keeps calls from a client's sidecar: annotations of its Pods, and what holds for the mesh. */
import fc from "fast-check";
import type { Client, KubeObject } from "../../../mesh/index.js";
import { seldom } from "./names.js";

/** What `traffic.sidecar.istio.io/...` says, of which most workloads say nothing. */
const listedPorts = fc.constantFrom("", "80", "443,5432", "9000");
const ranges = fc.constantFrom("", "10.96.0.0/24", "10.96.0.1/32,198.51.100.0/24");
const captureAnnotations = fc
  .record({
    excludeOutboundPorts: seldom(listedPorts, 3),
    includeOutboundPorts: seldom(listedPorts, 3),
    excludeOutboundIPRanges: seldom(ranges, 3),
    includeOutboundIPRanges: seldom(fc.oneof(ranges, fc.constant("*")), 3),
  })
  .map((annotations) =>
    Object.fromEntries(
      Object.entries(annotations).flatMap(([name, value]) =>
        value === undefined ? [] : [[`traffic.sidecar.istio.io/${name}`, value]],
      ),
    ),
  );

/** The workload that a client stands for, where its Pods say what is captured. */
export const workload = seldom(captureAnnotations, 3);

/** The Deployment of a client. */
export function workloadOf(
  { namespace, labels }: Client,
  annotations: Record<string, string>,
  index: number,
): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: `client-${index}`, namespace },
    spec: { template: { metadata: { labels, annotations } } },
  };
}

/** What the mesh has sidecars take; most take everything. */
export const captureFacts = seldom(
  fc.record({
    excludeOutboundPorts: fc.constantFrom<string[]>([], ["443"], ["80", "9000"]),
    includeOutboundPorts: fc.constantFrom<string[]>([], [], ["5432"]),
    excludeOutboundIPRanges: fc.constantFrom<string[]>([], [], ["198.51.100.0/24"]),
    includeOutboundIPRanges: fc.constantFrom<string[]>(["*"], ["*"], ["10.96.0.0/16"]),
  }),
  6,
);
