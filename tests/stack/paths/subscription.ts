import path from "node:path";
import {
  type ClientDuplexStream,
  type GrpcObject,
  type ServiceClientConstructor,
  type ServiceDefinition,
  credentials,
  loadPackageDefinition,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { type SidecarCluster, readClusters } from "../../../local/cluster-tls.js";
import { LOOPBACK } from "../../../local/ports.js";
import type { IstiodPorts } from "../../../local/sidecar.js";

const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

interface Resource {
  typeUrl: string;
  value: Buffer;
}

interface Response {
  versionInfo: string;
  resources: Resource[];
  typeUrl: string;
  nonce: string;
}

interface Socket {
  name: string;
  typedConfig?: Resource;
}

interface Cluster {
  name: string;
  transportSocket?: Socket;
  transportSocketMatches: { name: string; transportSocket?: Socket }[];
}

interface Routes {
  name: string;
  virtualHosts: object[];
}

/** As Envoy names it: a call says it. */
const PACKAGE = "envoy.service.discovery.v3";
const PROTOCOL = loadSync(path.join(__dirname, "xds.proto"), {
  includeDirs: [path.join(__dirname, "../../../local")],
  defaults: false,
  arrays: true,
});

/** How a message is read that lies in another one as bytes. */
function reader<Message extends object>(method: string): (bytes: Buffer) => Message {
  const service = PROTOCOL[`${PACKAGE}.Reader`] as ServiceDefinition;
  return (bytes) => service[method]!.requestDeserialize(bytes) as Message;
}

const readCluster = reader<Cluster>("Clusters");
const readRoutes = reader<Routes>("Routes");
const readTls = reader<object>("Tls");

type Stream = ClientDuplexStream<object, Response>;

function discoveryService(): ServiceClientConstructor {
  const loaded = loadPackageDefinition(PROTOCOL);
  const v3 = PACKAGE.split(".").reduce((found, name) => found[name] as GrpcObject, loaded);
  return v3["AggregatedDiscoveryService"] as ServiceClientConstructor;
}

/** What is told of one push, once it is taken in. */
export type OnPush = (clusters: readonly SidecarCluster[]) => void;

/**
 * A sidecar that stays subscribed to its clusters and routes, and reads every push as it comes:
 * what was true only for a moment shows, too.
 */
export class Subscription {
  readonly #client;
  readonly #stream: Stream;
  readonly #clusters = new Map<string, object>();
  readonly #routes = new Map<string, object>();
  /** Why istiod sends nothing any more. */
  error: Error | undefined;

  /**
   * @param ports the ports whose HTTP routes are asked for
   * @param onPush called when the routes of a push are here, which come after its clusters
   */
  constructor(
    istiod: IstiodPorts,
    namespace: string,
    ports: readonly number[],
    readonly onPush: OnPush,
  ) {
    this.#client = new (discoveryService())(
      `${LOOPBACK}:${istiod.grpcPort}`,
      credentials.createInsecure(),
      { "grpc.max_receive_message_length": -1 },
    );
    this.#stream = this.#client["streamAggregatedResources"]?.() as Stream;
    this.#stream.on("error", (error: Error) => (this.error = error));
    const node = nodeIn(namespace);
    const names: Record<string, string[]> = { [CLUSTERS]: [], [ROUTES]: ports.map(String) };
    for (const [typeUrl, resourceNames] of Object.entries(names)) {
      this.#stream.write({ node, typeUrl, resourceNames });
    }
    this.#stream.on("data", (response: Response) => {
      const { typeUrl, versionInfo, nonce } = response;
      this.#take(response);
      this.#stream.write({
        typeUrl,
        versionInfo,
        responseNonce: nonce,
        resourceNames: names[typeUrl],
      });
    });
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #take({ typeUrl, resources = [] }: Response): void {
    if (typeUrl === CLUSTERS) {
      // Every push of clusters has all of them.
      this.#clusters.clear();
      for (const { value } of resources) {
        const cluster = readCluster(value);
        this.#clusters.set(cluster.name, asInDump(cluster));
      }
      return;
    }
    for (const { value } of resources) {
      const routes = readRoutes(value);
      this.#routes.set(routes.name, { "@type": ROUTES, ...routes });
    }
    this.onPush(readClusters({ configs: [...this.#clusters.values(), ...this.#routes.values()] }));
  }
}

function nodeIn(namespace: string) {
  const fields = {
    NAMESPACE: { stringValue: namespace },
    CLUSTER_ID: { stringValue: "Kubernetes" },
    ISTIO_VERSION: { stringValue: "1.31.0" },
  };
  const id = `sidecar~10.255.0.1~onlooker.${namespace}~${namespace}.svc.cluster.local`;
  return { id, metadata: { fields } };
}

/** As istiod's own dump shows a cluster. */
function asInDump(cluster: Cluster): object {
  const { name, transportSocket, transportSocketMatches = [] } = cluster;
  return {
    "@type": CLUSTERS,
    name,
    ...(transportSocket && { transportSocket: socketInDump(transportSocket) }),
    transportSocketMatches: transportSocketMatches.map((match) => ({
      name: match.name,
      ...(match.transportSocket && { transportSocket: socketInDump(match.transportSocket) }),
    })),
  };
}

function socketInDump({ name, typedConfig }: Socket): object {
  const isTls = typedConfig?.typeUrl.endsWith(".UpstreamTlsContext");
  return { name, ...(isTls && { typedConfig: readTls(typedConfig!.value) }) };
}
