import type { PartInputs } from "./control-plane.js";
import { type Part, planeFiles } from "./part.js";
import { LOOPBACK } from "./ports.js";

/** Istio's root namespace, where istiod keeps its own objects. */
export const ISTIO_NAMESPACE = "istio-system";
export const REVISION = "default";

/** istiod outside the cluster: it finds its configuration and keeps its CA in the API server. */
export function istiodPart({ stateDir, tools, ports, credentials }: PartInputs): Part {
  const at = (port: number) => `${LOOPBACK}:${port}`;
  return {
    name: "istiod",
    command: [
      ...tools.istiod,
      "discovery",
      `--kubeconfig=${credentials.kubeconfigs.istiod}`,
      `--httpAddr=${at(ports.istiodHttp)}`,
      `--grpcAddr=${at(ports.istiodGrpc)}`,
      `--secureGRPCAddr=${at(ports.istiodSecureGrpc)}`,
      `--httpsAddr=${at(ports.istiodWebhook)}`,
      `--monitoringAddr=${at(ports.istiodMonitoring)}`,
      "--ctrlz_address=localhost",
      "--ctrlz_port=0",
      "--shutdownDuration=1s",
    ],
    environment: {
      HOME: planeFiles(stateDir).home("istiod"),
      POD_NAME: "istiod",
      POD_NAMESPACE: ISTIO_NAMESPACE,
      REVISION,
      CLUSTER_ID: "Kubernetes",
      // The webhooks are called by this name, so the certificate must carry it.
      ISTIOD_CUSTOM_HOST: "localhost",
      PILOT_CERT_PROVIDER: "istiod",
      ENABLE_CA_SERVER: "true",
      // Filters of Istio's own Envoy. The sidecars here are any Envoy, which would refuse a
      // configuration that names them; none has a part in how TLS is chosen.
      PILOT_ENABLE_METADATA_EXCHANGE: "false",
      PILOT_ENABLE_ALPN_FILTER: "false",
      INJECTION_WEBHOOK_CONFIG_NAME: "istio-sidecar-injector",
      VALIDATION_WEBHOOK_CONFIG_NAME: "istio-validator-istio-system",
    },
    health: { url: `http://${at(ports.istiodHttp)}/ready` },
  };
}
