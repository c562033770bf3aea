import assert from "node:assert/strict";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import { sharedPlane } from "./sharedPlane.js";
import { type Snapshot, settledSnapshot, snapshotOf } from "./snapshot.js";
import { type TestCatalogue, TestStack, catalogueOf } from "./testStack.js";

/** A change of the dev stack's catalogue, and all that it may change in the cluster. */
interface Case {
  title: string;
  edit: (catalogue: TestCatalogue) => void;
  changes: string[];
}

const TLS = ["mode", "sni", "subjectAltNames"].map((key) => `spec.trafficPolicy.tls.${key}`);

const CASES: Case[] = [
  {
    title: "an address that goes",
    edit: ({ aliases }) => (aliases[1]!.addresses as string[]).pop(),
    changes: [
      "update EgressAlias my-wikipedia.default",
      "update Endpoints my-wikipedia.default-endpoints: subsets[0].addresses[1]",
    ],
  },
  {
    title: "another TLS intent",
    edit: ({ aliases }) => {
      aliases[0]!.tls = { mode: "SIMPLE" };
      aliases[0]!.ports = [{ name: "http", port: 80, targetPort: 443 }];
    },
    changes: [
      "create VirtualService httpbin.org.default-virtualservice",
      `update DestinationRule httpbin.org.default-rule: ${TLS.join(", ")}`,
      `update DestinationRule my-httpbin.default-rule: ${TLS.join(", ")}`,
      "update EgressAlias my-httpbin.default",
      "update ServiceEntry httpbin.org.default-serviceentry: spec.ports[0].targetPort",
    ],
  },
  {
    title: "one alias more",
    edit: ({ aliases }) => aliases.push({ ...aliases[1], name: "my-other" }),
    changes: [
      "create DestinationRule my-other.default-rule",
      "create EgressAlias my-other.default",
      "create Endpoints my-other.default-endpoints",
      "create Service my-other.default-service",
    ],
  },
];

describe("the life of the dev stack, on real parts", function () {
  this.timeout(300_000);

  let stack: TestStack;
  let kubeconfig: string;
  let empty: Snapshot;
  let standing: Snapshot;

  before(async () => {
    const on = await sharedPlane();
    kubeconfig = on.plane.kubeconfig;
    empty = await snapshotOf(kubeconfig);
    stack = await TestStack.open({ on });
  });

  after(() => stack?.close());

  it("comes up from nothing", async () => {
    const run = await stack.up(catalogueOf("dev"));
    assert.equal(run.exitCode, 0, run.output);
    assert.ok(run.changes.length > 0 && run.changes.every((change) => /^create /.test(change)));
    standing = await settledSnapshot(kubeconfig);
  });

  it("changes nothing when it comes up again", async () => {
    const run = await stack.up(catalogueOf("dev"));
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(run.changes, []);
  });

  it("finds no drift", async () => {
    const run = await stack.refresh(catalogueOf("dev"));
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(run.changes, []);
  });

  for (const { title, edit, changes } of CASES) {
    it(`previews ${title}: that and nothing else`, async () => {
      const catalogue = catalogueOf("dev");
      edit(catalogue);
      const run = await stack.preview(catalogue);
      assert.equal(run.exitCode, 0, run.output);
      assert.deepEqual(run.changes, changes);
    });
  }

  it("has changed nothing by all that", async () => {
    assert.deepEqual(await snapshotOf(kubeconfig), standing);
  });

  it("finds what somebody else deleted, and makes it again", async () => {
    await objectsIn(kubeconfig).delete({
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "my-wikipedia", namespace: "default" },
    });
    const found = await stack.refresh(catalogueOf("dev"));
    assert.deepEqual(found.changes, ["delete DestinationRule my-wikipedia.default-rule"]);
    const run = await stack.up(catalogueOf("dev"));
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(run.changes, ["create DestinationRule my-wikipedia.default-rule"]);
  });

  it("leaves the cluster as it was before it came", async () => {
    const run = await stack.destroy();
    assert.equal(run.exitCode, 0, run.output);
    // Kubernetes collects what belonged to the deleted objects (mirrored slices) a moment later.
    await eventually(async () => {
      assert.deepEqual(await snapshotOf(kubeconfig), empty);
      return true;
    });
  });
});
