import assert from "node:assert/strict";
import { parseCatalogue } from "../../catalogue/catalogue.js";
import { ApiServer } from "../../cli/kube/api-server.js";
import { askCluster } from "../../cli/verify/ask-cluster.js";
import { guardRows } from "../../cli/verify/guard-rows.js";
import type { KubeObject } from "../../mesh/index.js";
import { eventually } from "../local/eventually.js";
import { IM, rule } from "../mesh/objects.js";
import { Admission } from "./admission.js";
import { type TestPlane, sharedPlane } from "./sharedPlane.js";
import { settledSnapshot, type Snapshot } from "./snapshot.js";
import { catalogueOf, TestStack } from "./testStack.js";

/** A rule that somebody else would write. */
const wrong = (host: string) => rule("default", "mesh-mtls", { host, ...IM });

describe("a stack that is guarded, on real parts", function () {
  this.timeout(300_000);
  let on: TestPlane;
  let empty: Snapshot;
  let stack: TestStack;
  let admission: Admission;
  const guarded = (guard: unknown = true) => ({ ...catalogueOf("dev"), guard });

  before(async () => {
    on = await sharedPlane();
    empty = await settledSnapshot(on.plane.kubeconfig);
    admission = new Admission(on.plane.kubeconfig);
    stack = await TestStack.open({ on });
    const run = await stack.up(guarded());
    assert.equal(run.exitCode, 0, run.output);
  });
  after(async () => {
    admission?.close();
    await stack?.close();
  });

  /** Policies are heard of within a second. */
  const becomes = (status: number, host: string) =>
    eventually(async () => {
      const answer = await admission.tryToCreate(wrong(host));
      return answer.status === status || undefined;
    });

  it("has the API server refuse what others write", async () => {
    await becomes(403, "my-httpbin.default.svc.cluster.local");
    await becomes(403, "httpbin.org");
    await becomes(403, "*.local");
    await becomes(201, "other.default.svc.cluster.local");
  });

  it("changes nothing when nothing was changed", async () => {
    const { exitCode, changes, output } = await stack.up(guarded());
    assert.equal(exitCode, 0, output);
    assert.deepEqual(changes, []);
  });

  const binding = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name: "istio-egress-rules" },
  };
  /** What differs, a line each. */
  const differing = async () => {
    const catalogue = parseCatalogue(guarded(), "Pulumi.test.yaml");
    const server = await ApiServer.from({ kubeconfig: on.plane.kubeconfig });
    const reality = await askCluster(catalogue, server, () => Promise.resolve(undefined));
    const rows = guardRows(catalogue, reality);
    assert.equal(rows.length, 4);
    return rows
      .filter(({ ok }) => !ok)
      .map(({ subject, expected, found }) => `${subject}: ${expected} | ${found}`);
  };

  it("is as declared to verify", async () => assert.deepEqual(await differing(), []));

  it("isn't to verify where somebody has switched it to warnings, or removed a part of it", async () => {
    const { object } = await admission.read(binding);
    const { status } = await admission.patch(binding, { spec: { validationActions: ["Audit"] } });
    assert.equal(status, 200);
    assert.deepEqual(await differing(), [
      "ValidatingAdmissionPolicyBinding istio-egress-rules: validationActions Deny | validationActions Audit",
    ]);
    await admission.delete(binding);
    assert.deepEqual(await differing(), [
      "ValidatingAdmissionPolicyBinding istio-egress-rules: as declared | missing",
    ]);
    const { name, labels, annotations } = object.metadata as Record<string, unknown>;
    const made = { ...binding, metadata: { name, labels, annotations }, spec: object.spec };
    assert.equal((await admission.create(made as KubeObject)).status, 201);
    assert.deepEqual(await differing(), []);
  });

  it("guards a new alias by an update of one policy", async () => {
    const catalogue = guarded();
    const { aliases } = catalogue;
    aliases.push({ ...aliases[1]!, name: "my-wiktionary", request: undefined });
    const { exitCode, changes, output } = await stack.up(catalogue);
    assert.equal(exitCode, 0, output);
    assert.deepEqual(
      changes.filter((change) => /Admission/.test(change)).map((change) => change.split(":")[0]),
      ["update ValidatingAdmissionPolicy istio-egress-rules-policy"],
    );
    await becomes(403, "my-wiktionary");
  });

  it("leaves nothing when it is switched off, and guards again when it is switched on", async () => {
    for (const [guard, status] of [
      [false, 201],
      [true, 403],
    ] as const) {
      const run = await stack.up(guarded(guard));
      assert.equal(run.exitCode, 0, run.output);
      await becomes(status, "my-httpbin.default.svc.cluster.local");
    }
    await becomes(201, "other.default.svc.cluster.local");
  });

  it("is gone with the stack", async () => {
    const run = await stack.destroy();
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(await settledSnapshot(on.plane.kubeconfig), empty);
  });
});
