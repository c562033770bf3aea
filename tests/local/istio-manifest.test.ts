import assert from "node:assert/strict";
import { outsideCluster, parseManifest } from "../../local/istio-manifest.js";

const manifest = `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "trustDomain: cluster.local" }
---

---
apiVersion: apps/v1
kind: Deployment
metadata: { name: istiod, namespace: istio-system }
---
apiVersion: v1
kind: Service
metadata: { name: istiod, namespace: istio-system }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: istiod, namespace: istio-system }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: istiod, namespace: istio-system }
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: { name: istio-sidecar-injector }
webhooks:
- name: namespace.sidecar-injector.istio.io
  failurePolicy: Fail
  clientConfig: { service: { name: istiod, namespace: istio-system, path: /inject, port: 443 } }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: istiod-default-validator }
webhooks:
- name: validation.istio.io
  clientConfig: { service: { name: istiod, namespace: istio-system, path: /validate } }
`;

describe("Istio's manifest for an istiod outside the cluster", () => {
  it("has its namespace first, and nothing of istiod's own workload", () => {
    const objects = outsideCluster(parseManifest(manifest), 20_001);
    assert.deepEqual(
      objects.map(({ kind, metadata }) => `${kind} ${metadata?.name}`),
      [
        "Namespace istio-system",
        "ConfigMap istio",
        "MutatingWebhookConfiguration istio-sidecar-injector",
        "ValidatingWebhookConfiguration istiod-default-validator",
      ],
    );
  });

  it("calls the webhooks on the loopback address, and leaves the rest of them as it is", () => {
    const objects = outsideCluster(parseManifest(manifest), 20_001);
    const webhooks = objects.flatMap(
      (object) => (object as { webhooks?: object[] }).webhooks ?? [],
    );
    assert.deepEqual(
      webhooks.map((webhook) => ({ ...webhook })),
      [
        {
          name: "namespace.sidecar-injector.istio.io",
          failurePolicy: "Fail",
          clientConfig: { url: "https://localhost:20001/inject" },
        },
        {
          name: "validation.istio.io",
          clientConfig: { url: "https://localhost:20001/validate" },
        },
      ],
    );
  });
});
