import type { KubernetesObject } from "@kubernetes/client-node";
import { execa } from "execa";
import { ISTIO_NAMESPACE, REVISION } from "./istio.js";
import type { Tools } from "./tools.js";

/** istiod runs beside the cluster, not in it: nothing of its workload is installed. */
const LEFT_OUT = new Set([
  "Deployment",
  "HorizontalPodAutoscaler",
  "PodDisruptionBudget",
  "Service",
]);

/**
 * What an Istio installation puts into a cluster, as `istioctl` says, for an istiod whose webhooks
 * are on a local port.
 *
 * @throws when istioctl fails; with what it said
 */
export async function istioObjects(tools: Tools, webhookPort: number): Promise<KubernetesObject[]> {
  const [istioctl = "", ...args] = tools.istioctl;
  const settings = [
    "profile=minimal",
    `values.defaultRevision=${REVISION}`,
    // Istio's metrics are made by a filter of its own Envoy, too.
    "values.telemetry.enabled=false",
    "meshConfig.enablePrometheusMerge=false",
  ];
  const { stdout } = await execa(
    istioctl,
    [...args, "manifest", "generate", ...settings.flatMap((setting) => ["--set", setting])],
    { env: {}, extendEnv: false },
  );
  return outsideCluster(stdout, webhookPort);
}

/**
 * Turns Istio's manifest into one for an istiod outside the cluster: without istiod's workload, and
 * with webhooks that are called on the loopback address.
 */
export async function outsideCluster(
  manifest: string,
  webhookPort: number,
): Promise<KubernetesObject[]> {
  // Loading the Kubernetes client takes half a second: here it is hidden behind the waiting.
  const { loadAllYaml } = await import("@kubernetes/client-node");
  const documents = manifest.split(/^---$/m).filter((document) => document.trim() !== "");
  const objects = (loadAllYaml(documents.join("---\n")) as KubernetesObject[]).filter(
    ({ kind }) => kind !== undefined && !LEFT_OUT.has(kind),
  );
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: ISTIO_NAMESPACE } };
  return [namespace, ...objects.map((object) => withLocalWebhooks(object, webhookPort))];
}

interface WebhookConfiguration extends KubernetesObject {
  webhooks: { clientConfig: { service?: { path?: string } } }[];
}

function withLocalWebhooks(object: KubernetesObject, port: number): KubernetesObject {
  if (!object.kind?.endsWith("WebhookConfiguration")) return object;
  const configuration = object as WebhookConfiguration;
  return {
    ...configuration,
    webhooks: configuration.webhooks.map((webhook) => ({
      ...webhook,
      // istiod fills in the authority that signed its certificate.
      clientConfig: { url: `https://localhost:${port}${webhook.clientConfig.service?.path ?? ""}` },
    })),
  } as KubernetesObject;
}
