import assert from "node:assert/strict";
import { PatchStrategy } from "@kubernetes/client-node";
import { reportOn } from "../../cli/verify/verify.js";
import { objectsIn } from "./kube.js";
import { type TestPlane, sharedPlane } from "./sharedPlane.js";
import { TestStack, catalogueOf } from "./testStack.js";

const RULE = {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "httpbin.org", namespace: "default" },
};
const ENTRY = { ...RULE, kind: "ServiceEntry" };

describe("verification of a stack whose sidecars encrypt, on real parts", function () {
  this.timeout(120_000);

  let on: TestPlane;
  let stack: TestStack;

  before(async () => {
    on = await sharedPlane();
    stack = await TestStack.open({ on });
    const run = await stack.up(catalogueOf("staging"));
    assert.equal(run.exitCode, 0, run.output);
  });

  after(() => stack?.close());

  const change = (object: typeof RULE, spec: object) =>
    objectsIn(on.plane.kubeconfig).patch(
      { ...object, spec },
      undefined,
      undefined,
      undefined,
      undefined,
      PatchStrategy.MergePatch,
    );

  const failures = async (patience = 0) => {
    const { rows } = await reportOn({ stack: "staging", plane: on.plane, patience });
    return rows
      .filter(({ ok }) => !ok)
      .map(({ subject, expected, found }) => [subject, expected, found]);
  };

  it("finds it as its catalogue declares", async () => {
    assert.deepEqual(await failures(10), []);
  });

  it("finds a rule that encrypts as before, but verifies nobody", async () => {
    const tls = { subjectAltNames: null, insecureSkipVerify: true };
    await change(RULE, { trafficPolicy: { tls } });
    assert.deepEqual(await failures(), [
      [
        "DestinationRule default/httpbin.org",
        "trafficPolicy.tls.subjectAltNames httpbin.org, trafficPolicy.tls.insecureSkipVerify unset",
        "trafficPolicy.tls.subjectAltNames unset, trafficPolicy.tls.insecureSkipVerify true",
      ],
    ]);
    const verifying = { subjectAltNames: ["httpbin.org"], insecureSkipVerify: null };
    await change(RULE, { trafficPolicy: { tls: verifying } });
    assert.deepEqual(await failures(10), []);
  });

  it("finds a ServiceEntry that takes the target for a part of the mesh", async () => {
    await change(ENTRY, { location: "MESH_INTERNAL" });
    const entry = [
      "ServiceEntry default/httpbin.org",
      "location MESH_EXTERNAL",
      "location MESH_INTERNAL",
    ];
    assert.deepEqual((await failures())[0], entry);
  });
});
