/** What the API server and istiod said, as the comparison needs it. */
import type { SidecarCluster } from "../../local/cluster-tls.js";

/** The fields that are read of a Pod (core/v1). */
export interface Pod {
  metadata: {
    name: string;
    namespace: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: {
    containers: { name: string }[];
    initContainers?: { name: string; restartPolicy?: string }[];
  };
  status: {
    phase?: string;
    podIP?: string;
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  name: string;
  ready: boolean;
  started?: boolean;
  state?: { running?: object; waiting?: { reason?: string } };
}

/** The fields that are read of a Service (core/v1). */
export interface Service {
  spec: {
    type?: string;
    clusterIP?: string;
    externalName?: string;
    externalIPs?: string[];
    ports?: { port: number; protocol?: string }[];
  };
}

/** The fields that are read of an EndpointSlice (discovery.k8s.io/v1). */
export interface EndpointSlice {
  endpoints?: { addresses: string[] }[] | null;
  ports?: { name?: string; port?: number }[] | null;
}

/** What is read of an object of Istio's (networking.istio.io). */
export interface IstioObject {
  spec: object;
}

/** Objects by `namespace/name`; what isn't there has no entry. */
export interface Reality {
  /** By client; the Pods of its Deployment. */
  pods: ReadonlyMap<string, readonly Pod[]>;
  services: ReadonlyMap<string, Service>;
  /** By Service. */
  slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  /** Istio's, by kind, too: `ServiceEntry default/httpbin.org`. */
  istioObjects: ReadonlyMap<string, IstioObject>;
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
