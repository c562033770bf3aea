import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { sharedPlane } from "../stack/sharedPlane.js";
import { TestStack } from "../stack/testStack.js";
import { archives, hasRegistry, stranger, withFiles } from "./archives.js";
import { RATES_CREATED } from "./rates.js";

/** The versions of the SDKs that this repository runs with: those of the embedded mesh's provider. */
function own(): { dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(path.join(REPOSITORY, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
}

describe("the packages, in a program outside the repository", function () {
  this.timeout(600_000);
  let consumer: string;

  before(async function () {
    if (!(await hasRegistry())) this.skip();
    const { library, policies } = await archives();
    const { dependencies } = own();
    consumer = await stranger({
      "@pulumi/kubernetes": dependencies["@pulumi/kubernetes"]!,
      "@pulumi/pulumi": dependencies["@pulumi/pulumi"]!,
      "istio-egress": library,
      "istio-egress-policies": policies,
    });
    withFiles(consumer, "consumer");
  });

  it("makes the program's alias and its TLS real, and takes them away again", async () => {
    const policyPacks = [path.join(consumer, "node_modules/istio-egress-policies")];
    const stack = await TestStack.open({ on: await sharedPlane(), program: consumer, policyPacks });
    const up = await stack.up({});
    assert.equal(up.exitCode, 0, up.output);
    assert.deepEqual(up.changes, RATES_CREATED);
    assert.match(up.output, /Policies:[^]*istio-egress/);
    assert.deepEqual(await stack.outputs(), { host: "rates.orders.svc.cluster.local" });
    const destroyed = await stack.destroy();
    assert.equal(destroyed.exitCode, 0, destroyed.output);
  });
});
