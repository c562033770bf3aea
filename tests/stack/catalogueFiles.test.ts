import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { Mistake } from "../../cli/mistake.js";
import { requireRoom } from "../../cli/stack-file.js";
import { nowhere } from "./kube.js";
import { sharedPlane, type TestPlane } from "./sharedPlane.js";
import { TestStack } from "./testStack.js";

describe("a catalogue that grows, on the real engine", function () {
  this.timeout(300_000);

  let on: TestPlane;
  let stack: TestStack;
  before(async () => {
    on = await sharedPlane();
    stack = await TestStack.open({ on, kubeconfig: nowhere(on) });
  });
  after(() => stack?.close());

  const aliases = (team: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      name: `${team}-${i}`,
      addresses: ["192.0.2.1"],
      ports: [{ name: "tls", port: 443 }],
      tls: { mode: "DISABLE" },
    }));

  it("is declared with the files that it names, and the stack says when its own file is nearly too big", async () => {
    const file = path.join(on.folder, "shop.yaml");
    writeFileSync(file, stringify({ aliases: aliases("shop", 3) }));
    const own = aliases("own", 2).map((alias) => ({ ...alias, answer: "x".repeat(55_000) }));
    const run = await stack.preview({ clients: [], aliases: own, files: [file] });
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(
      run.changes.filter((change) => change.startsWith("create EgressAlias ")),
      ["own-0", "own-1", "shop-0", "shop-1", "shop-2"].map(
        (name) => `create EgressAlias ${name}.default`,
      ),
    );
    assert.match(
      run.output,
      /Pulumi\.dev\.yaml: the configuration takes 108 kB, and Pulumi can hand 128 kB [^]*write files:/,
    );
  });

  it("is no more than the engine can hand over, which is what the limit is about", async () => {
    const own = aliases("own", 2).map((alias) => ({ ...alias, answer: "x".repeat(66_000) }));
    const run = await stack.preview({ clients: [], aliases: own });
    assert.notEqual(run.exitCode, 0);
    assert.match(run.output, /argument list too long/);
    assert.throws(
      () => {
        requireRoom("dev", path.join(stack.engine.home, "project"));
      },
      (error) => {
        assert.ok(error instanceof Mistake);
        assert.match(error.message, /^Pulumi\.dev\.yaml: the configuration takes 130 kB, and /);
        return true;
      },
    );
  });
});
