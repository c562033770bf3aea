import assert from "node:assert/strict";
import { defaultClients, judge, readMesh, type KubeObject } from "../../../mesh/index.js";
import { IM, rule, sidecar, W } from "../objects.js";

const PAYMENTS = { app: "payments" };

function selecting(labels: Record<string, string>): KubeObject[] {
  return [
    ...W,
    sidecar("shop", "default", { egress: [{ hosts: ["./*"] }] }),
    sidecar("shop", "callers", {
      workloadSelector: { labels },
      egress: [{ hosts: ["n/*"] }],
    }),
    rule("shop", "strict", {
      host: "*.local",
      workloadSelector: { matchLabels: PAYMENTS },
      ...IM,
    }),
  ];
}

function labelsIn(namespace: string, objects: KubeObject[]) {
  return defaultClients(readMesh(objects))
    .filter((client) => client.namespace === namespace)
    .map(({ labels }) => labels);
}

describe("the classes of callers", () => {
  it("include workloads with the labels of a Sidecar and of a rule, which no class of one shows", () => {
    const egress = { egress: "yes" };
    const objects = selecting(egress);
    const both = { ...egress, ...PAYMENTS };
    assert.deepEqual(labelsIn("shop", objects), [{}, both, PAYMENTS, egress]);
    const wrong = judge(readMesh(objects)).filter(({ verdict }) => verdict === "violation");
    assert.deepEqual(
      wrong.map(({ client }) => client.labels),
      [both],
    );
  });

  it("include no workload that would have one label twice", () => {
    const objects = selecting({ app: "orders" });
    assert.deepEqual(labelsIn("shop", objects), [{}, { app: "orders" }, PAYMENTS]);
  });
});
