import {
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  type V1Pod,
} from "@kubernetes/client-node";
import type { Plane } from "../../local/plane.js";

/** What the tests ask a plane's API server for. */
export class ClusterClient {
  readonly #objects: KubernetesObjectApi;

  constructor(plane: Plane) {
    const config = new KubeConfig();
    config.loadFromFile(plane.kubeconfig);
    this.#objects = KubernetesObjectApi.makeApiClient(config);
  }

  create(object: KubernetesObject & Record<string, unknown>): Promise<KubernetesObject> {
    return this.#objects.create(object);
  }

  async delete(object: KubernetesObject): Promise<void> {
    await this.#objects.delete(object);
  }

  async list<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    namespace: string,
  ): Promise<T[]> {
    return (await this.#objects.list<T>(apiVersion, kind, namespace)).items;
  }

  /** The first Pod of a namespace that is ready. */
  async readyPod(namespace: string): Promise<V1Pod | undefined> {
    const pods = await this.list<V1Pod>("v1", "Pod", namespace);
    return pods.find((pod) =>
      pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
    );
  }
}

export function namespace(name: string, labels: Record<string, string> = {}) {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** A Deployment of one Pod with one container. */
export function sleepDeployment(namespace: string) {
  const labels = { app: "sleep" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "sleep", namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "sleep", image: "curlimages/curl" }] },
      },
    },
  };
}

/** A Service without selector, and the Endpoints of the same name that stand outside. */
export function outsideService(namespace: string, name: string, address: string) {
  const metadata = { name, namespace };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { ports: [{ name: "tls", port: 443, protocol: "TCP" }] },
    },
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata,
      subsets: [{ addresses: [{ ip: address }], ports: [{ name: "tls", port: 443 }] }],
    },
  ];
}

/** A DestinationRule with nothing but a TLS mode. */
export function tlsRule(namespace: string, name: string, host: string, mode: string) {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace },
    spec: { host, trafficPolicy: { tls: { mode } } },
  };
}
