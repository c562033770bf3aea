import type { V1Pod } from "@kubernetes/client-node";
import type { Plane } from "../../local/plane.js";
import {
  type SidecarCluster,
  type SidecarIdentity,
  asSidecar,
  sidecarClusters,
} from "../../local/sidecar.js";
import { objectsIn } from "./kube.js";

/** Where a sidecar sends HTTP requests for some names. */
export interface VirtualHost {
  name: string;
  /** The `Host` headers that it is for; `*` is everything else. */
  domains: string[];
  /** The cluster of its first route; absent where it answers by itself (REGISTRY_ONLY). */
  cluster?: string;
}

const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

/** The mesh as istiod shows it to one Pod's sidecar. */
export class SidecarView {
  readonly #of;

  constructor(
    readonly plane: Plane,
    of: SidecarIdentity,
  ) {
    this.#of = of;
  }

  /** As the one Pod of a namespace. */
  static async ofPodIn(plane: Plane, namespace: string): Promise<SidecarView> {
    const { items } = await objectsIn(plane.kubeconfig).list<V1Pod>("v1", "Pod", namespace);
    const { metadata, status } = items[0]!;
    const [pod, labels] = [metadata!.name!, metadata!.labels!];
    return new SidecarView(plane, { pod, namespace, ip: status!.podIP!, labels });
  }

  /** The outbound cluster for a host, on a port or on its only one, if there is one; its endpoints sorted. */
  async cluster(host: string, port?: number): Promise<SidecarCluster | undefined> {
    const clusters = await sidecarClusters(this.plane.istiod, this.#of);
    const found = clusters.find(
      (cluster) => cluster.host === host && cluster.port === (port ?? cluster.port),
    );
    found?.endpoints.sort((a, b) => (a.address < b.address ? -1 : 1));
    return found;
  }

  /** Where HTTP requests to a port go, by their `Host`. */
  routes(port: number): Promise<VirtualHost[]> {
    return asSidecar(this.plane.istiod, this.#of, 10_000, async ({ subscribe, dump }) => {
      await subscribe(ROUTES, [String(port)]);
      const { configs } = (await dump("RDS")) as RouteDump;
      const found = configs.find(({ name }) => name === String(port));
      return (found?.virtualHosts ?? []).map(({ name, domains, routes }) => {
        const cluster = routes[0]?.route?.cluster;
        return { name, domains, ...(cluster !== undefined && { cluster }) };
      });
    });
  }

  /** The hosts that DestinationRules in its scope are for, whether anything follows them or not. */
  hostsWithRules(): Promise<string[]> {
    const { istiod } = this.plane;
    return asSidecar(istiod, this.#of, 10_000, async ({ subscribe }) => {
      await subscribe(CLUSTERS);
      const proxyID = `${this.#of.pod}.${this.#of.namespace}`;
      const url = `http://127.0.0.1:${istiod.httpPort}/debug/sidecarz?proxyID=${proxyID}`;
      const scope = (await (await fetch(url)).json()) as { destinationRules: object };
      return Object.keys(scope.destinationRules);
    });
  }
}

interface RouteDump {
  configs: {
    name: string;
    virtualHosts: { name: string; domains: string[]; routes: { route?: { cluster?: string } }[] }[];
  }[];
}
