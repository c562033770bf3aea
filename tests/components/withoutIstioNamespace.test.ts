import assert from "node:assert/strict";
import { WithoutIstioNamespace } from "../../components/withoutIstioNamespace.js";
import { find, run } from "./mocks.js";

const managed = { "app.kubernetes.io/managed-by": "istio-egress" };

describe("WithoutIstioNamespace", () => {
  it("is the task's namespace, and says that it wants no sidecars", async () => {
    const { registrations } = await run(() => new WithoutIstioNamespace("x"));
    assert.deepEqual(find(registrations, "Namespace").inputs, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "without-istio", labels: { ...managed, "istio-injection": "disabled" } },
    });
    assert.deepEqual(find(registrations, "WithoutIstioNamespace").outputs, {
      name: "without-istio",
    });
  });

  it("can be left without the label, as kubectl create namespace makes it", async () => {
    const { registrations } = await run(
      () => new WithoutIstioNamespace("x", { name: "bare", optOutLabel: false }),
    );
    assert.deepEqual(find(registrations, "Namespace").inputs.metadata, {
      name: "bare",
      labels: managed,
    });
  });

  it("lets a transform change the namespace", async () => {
    const { registrations } = await run(
      () =>
        new WithoutIstioNamespace("x", {
          transform: { namespace: { metadata: { name: "ambient-free" } } },
        }),
    );
    assert.deepEqual(find(registrations, "Namespace").inputs.metadata, { name: "ambient-free" });
  });
});
