import type { KubeObject } from "../../mesh/index.js";

/** Short ways to write the objects that the tests are about. */

type Spec = Record<string, unknown>;

interface Meta {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Seconds after an arbitrary moment. */
  created?: number;
}

function metadata(namespace: string, name: string, { created, ...rest }: Meta): object {
  const creationTimestamp =
    created === undefined ? {} : { creationTimestamp: new Date(created * 1000).toISOString() };
  return { namespace, name, ...rest, ...creationTimestamp };
}

function object(apiVersion: string, kind: string) {
  return (namespace: string, name: string, spec: Spec, meta: Meta = {}): KubeObject => ({
    apiVersion,
    kind,
    metadata: metadata(namespace, name, meta),
    spec,
  });
}

export const service = object("v1", "Service");
export const rule = object("networking.istio.io/v1", "DestinationRule");
export const serviceEntry = object("networking.istio.io/v1", "ServiceEntry");
export const sidecar = object("networking.istio.io/v1", "Sidecar");
export const virtualService = object("networking.istio.io/v1", "VirtualService");
export const workloadEntry = object("networking.istio.io/v1", "WorkloadEntry");
export const peerAuthentication = object("security.istio.io/v1", "PeerAuthentication");

export const HTTPS = { name: "https", port: 443 };
export const HTTP = { name: "http", port: 80 };
export const OUTSIDE = "91.198.174.192";

/** Endpoints with one address. */
export function endpoints(
  namespace: string,
  name: string,
  address: Record<string, unknown> = { ip: OUTSIDE },
  port: Record<string, unknown> = HTTPS,
  meta: Meta = {},
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: metadata(namespace, name, meta),
    subsets: [{ addresses: [address], ports: [port] }],
  };
}

/** An EndpointSlice with one address, joined to a Service by its label. */
export function slice(
  namespace: string,
  ofService: string | undefined,
  address: string,
  more: Spec = {},
): KubeObject {
  const labels: Record<string, string> =
    ofService === undefined ? {} : { "kubernetes.io/service-name": ofService };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name: `${ofService ?? "none"}-1`, labels },
    addressType: "IPv4",
    endpoints: [{ addresses: [address] }],
    ports: [{ name: "https", port: 443, protocol: "TCP" }],
    ...more,
  };
}

/** A ready Pod with a sidecar. */
export function pod(namespace: string, name: string, podIP: string, labels = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, labels: { "security.istio.io/tlsMode": "istio", ...labels } },
    status: { phase: "Running", podIP, conditions: [{ type: "Ready", status: "True" }] },
  };
}

/** `n/w`: no selector, port 443, one address outside. */
export const W = [service("n", "w", { ports: [HTTPS] }), endpoints("n", "w")];
/** `n/e`: an alias of h.org. */
export const E = [service("n", "e", { type: "ExternalName", externalName: "h.org" })];

export const W_HOST = "w.n.svc.cluster.local";
export const E_HOST = "e.n.svc.cluster.local";

export const MUTUAL = { mode: "ISTIO_MUTUAL" };
export const DISABLE = { mode: "DISABLE" };

/** A policy that says nothing but this about TLS. */
export function tls(settings: Record<string, unknown>): { trafficPolicy: Spec } {
  return { trafficPolicy: { tls: settings } };
}

export const IM = tls(MUTUAL);
export const OFF = tls(DISABLE);
export const POOL_ONLY = { trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } } };

/** Namespaces that only have to be there for their clients to be asked about. */
export function namespaces(...names: string[]): KubeObject[] {
  return names.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
}
