import { join } from "node:path";
import {
  type ClientDuplexStream,
  type GrpcObject,
  type ServiceClientConstructor,
  credentials,
  loadPackageDefinition,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { type SidecarCluster, readClusters } from "./cluster-tls.js";
import { LOOPBACK } from "./ports.js";
import { ISTIO_VERSION } from "./toolchain/parts.js";

export type { ClusterTls, SidecarCluster, SidecarEndpoint } from "./cluster-tls.js";

/** Where an istiod on this machine answers. */
export interface IstiodPorts {
  /** xDS, plain gRPC. */
  grpcPort: number;
  /** `/debug`, plain HTTP. */
  httpPort: number;
  /** Its release. @default that of the pinned one */
  version?: string;
}

/** The identity of the sidecar: istiod takes the caller for the Pod with this name and address, if there is one. */
export interface SidecarIdentity {
  ip: string;
  pod: string;
  namespace: string;
  /** The Pod's labels; they count where istiod knows no such Pod. @default none */
  labels?: Record<string, string>;
}

const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
const ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

interface DiscoveryRequest {
  typeUrl: string;
  node?: { id: string; metadata: Struct };
  resourceNames?: string[] | undefined;
  versionInfo?: string;
  responseNonce?: string;
}

interface DiscoveryResponse {
  typeUrl: string;
  versionInfo: string;
  nonce: string;
}

type Stream = ClientDuplexStream<DiscoveryRequest, DiscoveryResponse>;

/**
 * What istiod sends a sidecar about its outbound clusters: their TLS, the rule that decided, their
 * endpoints, and whose HTTP requests are routed there.
 *
 * @param timeout milliseconds
 * @throws when istiod can't be reached or doesn't answer in time
 */
export function sidecarClusters(
  istiod: IstiodPorts,
  sidecar: SidecarIdentity,
  timeout = 10_000,
): Promise<SidecarCluster[]> {
  return asSidecar(istiod, sidecar, timeout, async ({ subscribe, dump }) => {
    await subscribe(CLUSTERS);
    const clusters = await dump("CDS");
    const names = namesOf(clusters);
    // Routes for a port are named by its number.
    const ports = new Set(readClusters(clusters).map(({ port }) => String(port)));
    // A request for nothing would never be answered.
    if (names.length > 0) await subscribe(ENDPOINTS, names);
    if (ports.size > 0) await subscribe(ROUTES, [...ports]);
    return readClusters(await dump("CDS,EDS,RDS"));
  });
}

/** An open xDS stream of one sidecar. */
export interface SidecarSession {
  /** Requests resources of one type (all, or those named), waits for them and acknowledges them. */
  subscribe: (typeUrl: string, resourceNames?: string[]) => Promise<void>;
  /** istiod's dump of what it sends there, for types such as `CDS,EDS`: only what is subscribed. */
  dump: (types: string) => Promise<unknown>;
}

/**
 * Opens a stream as a sidecar and closes it when `work` is done.
 *
 * @param timeout milliseconds for all of it
 * @throws when that is over, or the stream ends before
 */
export async function asSidecar<T>(
  istiod: IstiodPorts,
  sidecar: SidecarIdentity,
  timeout: number,
  work: (session: SidecarSession) => Promise<T>,
): Promise<T> {
  const client = new (discoveryService())(
    `${LOOPBACK}:${istiod.grpcPort}`,
    credentials.createInsecure(),
  );
  const deadline = new Date(Date.now() + timeout);
  const stream = client["streamAggregatedResources"]?.({ deadline }) as Stream;
  const node = nodeOf(sidecar, istiod.version);
  const session: SidecarSession = {
    subscribe: (typeUrl, resourceNames) => subscribe(stream, { typeUrl, node, resourceNames }),
    dump: async (types) => {
      const proxyID = await connectionId(istiod, sidecar);
      const query = new URLSearchParams({ proxyID, types });
      return debug(istiod, `config_dump?${query.toString()}`);
    },
  };
  try {
    return await Promise.race([work(session), endOf(stream)]);
  } finally {
    stream.cancel();
    client.close();
  }
}

function discoveryService(): ServiceClientConstructor {
  const definition = loadPackageDefinition(loadSync(join(__dirname, "ads.proto")));
  const path = ["envoy", "service", "discovery", "v3"];
  const v3 = path.reduce((found, name) => found[name] as GrpcObject, definition);
  return v3["AggregatedDiscoveryService"] as ServiceClientConstructor;
}

/** A stream may end between two subscriptions, too, and whoever subscribes then would wait for ever. */
function endOf(stream: Stream): Promise<never> {
  return new Promise((_, reject) => {
    stream.on("error", reject);
    stream.on("end", () => reject(new Error("istiod has ended the stream")));
  });
}

function subscribe(stream: Stream, request: DiscoveryRequest): Promise<void> {
  return new Promise((resolve) => {
    const onData = ({ typeUrl, versionInfo, nonce }: DiscoveryResponse) => {
      if (typeUrl !== request.typeUrl) return;
      stream.write({ ...request, versionInfo, responseNonce: nonce });
      stream.off("data", onData);
      resolve();
    };
    stream.on("data", onData);
    stream.write(request);
  });
}

type Struct = { fields: Record<string, Value> };
type Value = { stringValue: string } | { structValue: Struct };

/** How a sidecar introduces itself (`pilot/pkg/model/context.go`, ParseServiceNodeWithMetadata). */
function nodeOf({ ip, pod, namespace, labels = {} }: SidecarIdentity, version = ISTIO_VERSION) {
  const text = (value: string): Value => ({ stringValue: value });
  const struct = (entries: [string, Value][]): Struct => ({ fields: Object.fromEntries(entries) });
  const labelValues = Object.entries(labels).map(([key, value]): [string, Value] => [
    key,
    text(value),
  ]);
  return {
    id: `sidecar~${ip}~${pod}.${namespace}~${namespace}.svc.cluster.local`,
    metadata: struct([
      ["NAMESPACE", text(namespace)],
      ["CLUSTER_ID", text("Kubernetes")],
      // As new as its istiod: an older one would be sent older configuration.
      ["ISTIO_VERSION", text(`${version}.0`)],
      ["LABELS", { structValue: struct(labelValues) }],
    ]),
  };
}

/** istiod finds a connection by any part of its name, so the whole of it is used. */
async function connectionId(istiod: IstiodPorts, sidecar: SidecarIdentity): Promise<string> {
  const { clients } = (await debug(istiod, "connections")) as {
    clients: { connectionId: string }[];
  };
  const prefix = `${sidecar.pod}.${sidecar.namespace}-`;
  const ids = clients.map((client) => client.connectionId);
  const own = ids.filter((id) => id.startsWith(prefix) && /^\d+$/.test(id.slice(prefix.length)));
  const latest = own.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)).at(-1);
  if (latest === undefined) throw new Error(`istiod knows no sidecar ${prefix.slice(0, -1)}.`);
  return latest;
}

async function debug(istiod: IstiodPorts, what: string): Promise<unknown> {
  const response = await fetch(`http://${LOOPBACK}:${istiod.httpPort}/debug/${what}`);
  if (!response.ok) throw new Error(`istiod answers ${response.status} to /debug/${what}.`);
  return response.json();
}

/** The clusters whose endpoints istiod sends apart from them. */
function namesOf(clusters: unknown): string[] {
  const { configs } = clusters as { configs: { name: string; type?: string }[] };
  return configs.filter(({ type }) => type === "EDS").map(({ name }) => name);
}
