import assert from "node:assert/strict";
import { InjectedNamespace } from "../../components/injectedNamespace.js";
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

describe("InjectedNamespace", () => {
  it("gives a namespace that is there the label and nothing else, so that destroy takes back just that", async () => {
    const { registrations } = await run(() => new InjectedNamespace("x", { name: "default" }));
    assert.deepEqual(find(registrations, "NamespacePatch").inputs, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "default", labels: { "istio-injection": "enabled" } },
    });
    assert.equal(registrations.length, 2);
    assert.deepEqual(find(registrations, "InjectedNamespace").outputs, { name: "default" });
  });

  it("puts the namespace into ambient mode if asked to", async () => {
    const { registrations } = await run(
      () => new InjectedNamespace("x", { name: "default", dataplane: "ambient" }),
    );
    assert.deepEqual(find(registrations, "NamespacePatch").inputs, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "default", labels: { "istio.io/dataplane-mode": "ambient" } },
    });
  });

  it("makes the namespace if asked to, and marks it as ours", async () => {
    const { registrations } = await run(
      () => new InjectedNamespace("x", { name: "payments", create: true }),
    );
    assert.deepEqual(find(registrations, "Namespace").inputs, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "payments", labels: { ...managed, "istio-injection": "enabled" } },
    });
    assert.equal(registrations.length, 2);
  });

  it("lets a transform force the label over someone else's", async () => {
    const metadata = { name: "default", annotations: { "pulumi.com/patchForce": "true" } };
    const { registrations } = await run(
      () => new InjectedNamespace("x", { name: "default", transform: { patch: { metadata } } }),
    );
    assert.deepEqual(find(registrations, "NamespacePatch").inputs.metadata, metadata);
  });
});
