import assert from "node:assert/strict";
import { InjectedNamespace } from "../../components/injectedNamespace.js";
import { find, run } from "./mocks.js";

const managed = { "app.kubernetes.io/managed-by": "istio-egress" };

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

  it("puts the namespace into ambient mode on request", async () => {
    const { registrations } = await run(
      () => new InjectedNamespace("x", { name: "default", dataplane: "ambient" }),
    );
    assert.deepEqual(find(registrations, "NamespacePatch").inputs, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "default", labels: { "istio.io/dataplane-mode": "ambient" } },
    });
  });

  it("makes the namespace on request, and marks it as ours", async () => {
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
