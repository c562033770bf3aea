import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { CORE_SCHEMA, loadAll } from "js-yaml";
import { textOf, writeWhole } from "./files.js";
import { ISTIO_NAMESPACE, REVISION } from "./istio.js";
import type { KubeObject } from "./kube-object.js";
import type { Tools } from "./tools.js";

/** istiod runs beside the cluster, not in it: nothing of its workload is installed. */
const LEFT_OUT = new Set([
  "Deployment",
  "HorizontalPodAutoscaler",
  "PodDisruptionBudget",
  "Service",
]);

const SETTINGS = [
  "profile=minimal",
  `values.defaultRevision=${REVISION}`,
  // Istio's metrics are made by a filter of its own Envoy, too.
  "values.telemetry.enabled=false",
  "meshConfig.enablePrometheusMerge=false",
];

/**
 * What an Istio installation puts into a cluster, as `istioctl` says, for an istiod whose webhooks
 * are on a local port. What it has said once is kept.
 *
 * @throws when istioctl fails; with what it said
 */
export async function istioObjects(tools: Tools, webhookPort: number): Promise<KubeObject[]> {
  const [istioctl = "", ...leading] = tools.istioctl;
  const args = [
    ...[...leading, "manifest", "generate"],
    ...SETTINGS.flatMap((setting) => ["--set", setting]),
    ...(tools.charts === undefined ? [] : ["--manifests", tools.charts]),
  ];
  const { size, mtimeMs } = statSync(istioctl);
  const key = createHash("sha256").update(JSON.stringify([istioctl, size, mtimeMs, args]));
  const file = path.join(tools.manifests, `istio-${key.digest("hex").slice(0, 16)}.json`);
  const found = objectsIn(file);
  if (found) return outsideCluster(found, webhookPort);
  const { stdout } = await execa(istioctl, args, { env: {}, extendEnv: false });
  const objects = parseManifest(stdout);
  writeWhole(file, JSON.stringify(objects));
  return outsideCluster(objects, webhookPort);
}

function objectsIn(file: string): KubeObject[] | undefined {
  try {
    return JSON.parse(textOf(file) ?? "") as KubeObject[];
  } catch {
    return undefined;
  }
}

/** The objects of a manifest, as istioctl prints it. */
export function parseManifest(manifest: string): KubeObject[] {
  return loadAll(manifest, { schema: CORE_SCHEMA }).filter(isObject);
}

/** Between two separators there may be nothing. */
function isObject(document: unknown): document is KubeObject {
  return (document as KubeObject | null | undefined)?.kind !== undefined;
}

/**
 * Turns Istio's manifest into one for an istiod outside the cluster: without istiod's workload, and
 * with webhooks that are called on the loopback address.
 */
export function outsideCluster(objects: readonly KubeObject[], webhookPort: number): KubeObject[] {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: ISTIO_NAMESPACE } };
  const installed = objects.filter(({ kind }) => !LEFT_OUT.has(kind));
  return [namespace, ...installed.map((object) => withLocalWebhooks(object, webhookPort))];
}

interface WebhookConfiguration extends KubeObject {
  webhooks: { clientConfig: { service?: { path?: string } } }[];
}

function withLocalWebhooks(object: KubeObject, port: number): KubeObject {
  if (!object.kind.endsWith("WebhookConfiguration")) return object;
  const configuration = object as WebhookConfiguration;
  return {
    ...configuration,
    webhooks: configuration.webhooks.map((webhook) => ({
      ...webhook,
      // istiod fills in the authority that signed its certificate.
      clientConfig: { url: `https://localhost:${port}${webhook.clientConfig.service?.path ?? ""}` },
    })),
  };
}
