import assert from "node:assert/strict";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { InjectedNamespace } from "../../components/injectedNamespace.js";
import { SleepDeployment } from "../../components/sleepDeployment.js";
import { find, run, UNKNOWN } from "./mocks.js";

const managed = { "app.kubernetes.io/managed-by": "istio-egress" };

describe("SleepDeployment", () => {
  it("is Istio's sleep sample, object for object", async () => {
    const { registrations } = await run(
      () => new SleepDeployment("x", { namespace: "without-istio" }),
    );
    const metadata = { name: "sleep", namespace: "without-istio" };
    assert.deepEqual(find(registrations, "ServiceAccount").inputs, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { ...metadata, labels: managed },
    });
    assert.deepEqual(find(registrations, "Service").inputs, {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        ...metadata,
        labels: { ...managed, app: "sleep", service: "sleep" },
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: { ports: [{ port: 80, name: "http" }], selector: { app: "sleep" } },
    });
    assert.deepEqual(find(registrations, "Deployment").inputs, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...metadata, labels: managed },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "sleep" } },
        template: {
          metadata: { labels: { app: "sleep" } },
          spec: {
            terminationGracePeriodSeconds: 0,
            serviceAccountName: "sleep",
            containers: [
              {
                name: "sleep",
                image: "curlimages/curl:8.16.0",
                command: ["/bin/sleep", "infinity"],
                imagePullPolicy: "IfNotPresent",
                volumeMounts: [{ mountPath: "/etc/sleep/tls", name: "secret-volume" }],
                // kubernetesx writes these, whether they are asked for or not.
                env: [],
                ports: [],
              },
            ],
            volumes: [
              { name: "secret-volume", secret: { secretName: "sleep-secret", optional: true } },
            ],
            initContainers: [],
          },
        },
      },
    });
    assert.deepEqual(find(registrations, "SleepDeployment").outputs, {
      namespace: "without-istio",
      selector: "app=sleep",
    });
  });

  it("writes on the Pods that they get no sidecar, so that a change makes them anew", async () => {
    const labelsWith = async (injected?: boolean) => {
      const { registrations } = await run(() => new SleepDeployment("x", { injected }));
      const { spec } = find(registrations, "Deployment").inputs as {
        spec: { selector: object; template: { metadata: { labels: object } } };
      };
      assert.deepEqual(spec.selector, { matchLabels: { app: "sleep" } });
      return spec.template.metadata.labels;
    };
    assert.deepEqual(await labelsWith(), { app: "sleep" });
    assert.deepEqual(await labelsWith(true), { app: "sleep" });
    assert.deepEqual(await labelsWith(false), {
      app: "sleep",
      "sidecar.istio.io/inject": "false",
    });
  });

  it("can be called otherwise, as newer Istio calls its sample curl", async () => {
    const { registrations } = await run(
      () => new SleepDeployment("x", { name: "curl", image: "example.com/curl:1" }),
    );
    const { metadata, spec } = find(registrations, "Deployment").inputs as {
      metadata: object;
      spec: { selector: object; template: { spec: { containers: object[]; volumes: object[] } } };
    };
    assert.deepEqual(metadata, { name: "curl", namespace: "default", labels: managed });
    assert.deepEqual(spec.selector, { matchLabels: { app: "curl" } });
    const { containers, volumes } = spec.template.spec;
    const { name, image } = containers[0] as { name: string; image: string };
    assert.deepEqual([name, image], ["curl", "example.com/curl:1"]);
    assert.deepEqual(volumes, [
      { name: "secret-volume", secret: { secretName: "curl-secret", optional: true } },
    ]);
  });

  it("waits for its ServiceAccount, without which its Pods are refused", async () => {
    const { registrations } = await run(() => new SleepDeployment("x"));
    assert.deepEqual(find(registrations, "Deployment").dependsOn, ["x-serviceaccount"]);
  });

  it("comes after the label that has its Pods injected", async () => {
    const { registrations } = await run(() => {
      const mesh = new InjectedNamespace("default", { name: "default" });
      return new SleepDeployment("x", {}, { dependsOn: mesh });
    });
    const order = registrations.map(({ name }) => name);
    assert.deepEqual(find(registrations, "SleepDeployment").dependsOn, ["default-label"]);
    assert.ok(order.indexOf("default-label") < order.indexOf("x-deployment"), order.join(", "));
  });

  it("hides the Deployment's spec, which kubernetesx makes one value, but nothing else of a preview", async () => {
    const { registrations } = await run(
      () => {
        const other = new Namespace("other");
        return new SleepDeployment("x", { namespace: other.status.phase });
      },
      { preview: true },
    );
    const metadata = { name: "sleep", namespace: UNKNOWN, labels: managed };
    assert.deepEqual(find(registrations, "ServiceAccount").inputs.metadata, metadata);
    assert.deepEqual(find(registrations, "Service").inputs.spec, {
      ports: [{ port: 80, name: "http" }],
      selector: { app: "sleep" },
    });
    const deployment = find(registrations, "Deployment").inputs;
    assert.deepEqual(deployment.metadata, metadata);
    assert.equal(deployment.spec, UNKNOWN);
  });

  it("lets a transform change the workload", async () => {
    const { registrations } = await run(
      () =>
        new SleepDeployment("x", {
          transform: {
            deployment: (args) => {
              args.metadata = { name: "sleep", annotations: { "pulumi.com/timeoutSeconds": "30" } };
            },
            serviceAccount: { automountServiceAccountToken: false },
            service: { metadata: { name: "sleep" } },
          },
        }),
    );
    assert.deepEqual(find(registrations, "Deployment").inputs.metadata, {
      name: "sleep",
      annotations: { "pulumi.com/timeoutSeconds": "30" },
    });
    assert.equal(find(registrations, "ServiceAccount").inputs.automountServiceAccountToken, false);
    assert.deepEqual(find(registrations, "Service").inputs.metadata, { name: "sleep" });
  });
});
