/** What the API server and istiod said, as the comparison needs it. */
import { z } from "zod";
import type { SidecarCluster } from "../../local/cluster-tls.js";

const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean(),
  started: z.boolean().optional(),
  state: z
    .object({
      running: z.object({}).optional(),
      waiting: z.object({ reason: z.string().optional() }).optional(),
    })
    .optional(),
});

/** The fields that are read of a Pod (core/v1). */
export const podShape = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({
    containers: z.array(z.object({ name: z.string() })),
    initContainers: z
      .array(z.object({ name: z.string(), restartPolicy: z.string().optional() }))
      .optional(),
  }),
  status: z.object({
    phase: z.string().optional(),
    podIP: z.string().optional(),
    containerStatuses: z.array(containerStatus).optional(),
    initContainerStatuses: z.array(containerStatus).optional(),
  }),
});

export type Pod = z.infer<typeof podShape>;

/** The fields that are read of a Service (core/v1). */
export const serviceShape = z.object({
  spec: z.object({
    type: z.string().optional(),
    clusterIP: z.string().optional(),
    externalName: z.string().optional(),
    externalIPs: z.array(z.string()).optional(),
    ports: z.array(z.object({ port: z.number(), protocol: z.string().optional() })).optional(),
  }),
});

export type Service = z.infer<typeof serviceShape>;

/** The fields that are read of an EndpointSlice (discovery.k8s.io/v1). */
export const endpointSliceShape = z.object({
  endpoints: z.array(z.object({ addresses: z.array(z.string()) })).nullish(),
  ports: z.array(z.object({ name: z.string().optional(), port: z.number().optional() })).nullish(),
});

export type EndpointSlice = z.infer<typeof endpointSliceShape>;

/** What is read of an object of Istio's (networking.istio.io), or of the guard's. */
export interface ObjectWithSpec {
  spec: object;
}

export const objectWithSpecShape: z.ZodType<ObjectWithSpec> = z.object({
  // The definition needs none.
  spec: z.looseObject({}).default({}),
});

/** The items of a list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item) });
}

/** Objects by `namespace/name`; what isn't there has no entry. */
export interface Reality {
  /** By client; the Pods of its Deployment. */
  pods: ReadonlyMap<string, readonly Pod[]>;
  services: ReadonlyMap<string, Service>;
  /** By Service. */
  slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  /** Istio's, by kind, too: `ServiceEntry default/httpbin.org`. */
  istioObjects: ReadonlyMap<string, ObjectWithSpec>;
  /** The guard's, by kind: `ValidatingAdmissionPolicy istio-egress-rules`. */
  guard: ReadonlyMap<string, { spec: object }>;
  /** By client: what istiod sends to a sidecar of it. Where none is connected there is no entry. */
  clusters: ReadonlyMap<string, readonly SidecarCluster[]>;
}

/** A Pod's READY and STATUS, as `kubectl get pod` prints them. */
export function podText(pod: Pod): string {
  const sidecars = new Set(
    (pod.spec.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy === "Always")
      .map(({ name }) => name),
  );
  const running = [
    ...(pod.status.containerStatuses ?? []).filter(({ ready, state }) => ready && state?.running),
    ...(pod.status.initContainerStatuses ?? []).filter(
      ({ name, ready, started }) => sidecars.has(name) && ready && started,
    ),
  ];
  const total = pod.spec.containers.length + sidecars.size;
  return `${running.length}/${total} ${statusText(pod)}`;
}

function statusText({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  const waiting = (status.containerStatuses ?? []).find(({ state }) => state?.waiting?.reason);
  return waiting?.state?.waiting?.reason ?? status.phase ?? "Unknown";
}

/** Whether a Pod has Istio's sidecar, as a container or as a native (restartable init) one. */
export function hasSidecar({ spec }: Pod): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(
    ({ name }) => name === "istio-proxy",
  );
}

/** Whether there is a sidecar that istiod could know: a Pod that no node has taken yet has no address. */
export function canBeConnected(pod: Pod): boolean {
  return hasSidecar(pod) && pod.status.podIP !== undefined;
}

/** TYPE, CLUSTER-IP, EXTERNAL-IP and PORT(S) of a Service, as `kubectl get svc` prints them. */
export function serviceText({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ port, protocol = "TCP" }) => `${port}/${protocol}`);
  const external = spec.externalName ?? spec.externalIPs?.join(",");
  return [
    spec.type ?? "ClusterIP",
    spec.clusterIP || "<none>",
    external ?? "<none>",
    ports.join(",") || "<none>",
  ].join(" ");
}

/** The addresses of a Service with the port of each, in the order of their text. */
export function addressesText(slices: readonly EndpointSlice[]): string {
  const addresses = slices.flatMap((slice) =>
    (slice.endpoints ?? []).flatMap((endpoint) =>
      (slice.ports ?? []).flatMap(({ port }) =>
        endpoint.addresses.map((address) => `${address}:${port}`),
      ),
    ),
  );
  return [...new Set(addresses)].sort().join(" ") || "none";
}
