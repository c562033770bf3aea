import assert from "node:assert/strict";
import { trimmed } from "../../../cli/watch/trimmed.js";
import { judge, type KubeObject, readMesh } from "../../../mesh/index.js";
import fc from "fast-check";
import { mesh as anyMesh } from "../../oracle/meshes.js";
import { runs } from "../../runs.js";

describe("an object as it is kept", function () {
  this.timeout(60_000);

  it("is without what changes all the time and decides nothing", () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "sleep",
        namespace: "shop",
        resourceVersion: "7",
        managedFields: [{ manager: "kubelet" }],
        annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
        labels: { app: "sleep" },
      },
      spec: { nodeName: "n1", containers: [{ name: "sleep", image: "curl" }] },
      status: {
        phase: "Running",
        podIP: "10.0.0.7",
        startTime: "2026-01-01T00:00:00Z",
        conditions: [
          { type: "Ready", status: "True", lastProbeTime: "2026-01-01T00:00:00Z" },
          { type: "Initialized", status: "True" },
        ],
      },
    };
    assert.deepEqual(trimmed(pod), {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "sleep", namespace: "shop", labels: { app: "sleep" } },
      spec: { containers: [] },
      status: {
        phase: "Running",
        podIP: "10.0.0.7",
        conditions: [{ type: "Ready", status: "True" }],
      },
    });
  });

  it("is judged as the whole of it", () => {
    // Endpoints aren't read from a cluster: Kubernetes mirrors them to slices.
    const live = (objects: readonly KubeObject[]) =>
      objects.filter(({ kind }) => kind !== "Endpoints");
    fc.assert(
      fc.property(anyMesh, ({ objects, clients, mesh }) => {
        const whole = judge(readMesh(live(objects), mesh), clients);
        const kept = judge(readMesh(live(objects).map(trimmed), mesh), clients);
        assert.deepEqual(kept, whole);
      }),
      { numRuns: runs(100) },
    );
  });
});
