import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { egressPolicies } from "../../policies/pack.js";
import { itBothWays, preview } from "../harness/index.js";
import { stackOf } from "./stacks.js";

const GOLDEN = path.join(__dirname, "../program/golden");

function declaredBy(stack: string) {
  return stackOf(readFileSync(path.join(GOLDEN, `${stack}.yaml`), "utf8"));
}

describe("the stacks of this repository", () => {
  for (const stack of ["dev", "staging", "prod"]) {
    itBothWays(`${stack} gives the pack nothing to say`, async (way) => {
      assert.deepEqual(await preview(egressPolicies(), declaredBy(stack), { way }), []);
    });
  }

  itBothWays("the task's objects alone have one rule that does nothing", async (way) => {
    const reports = await preview(egressPolicies(), declaredBy("task"), { way });
    assert.deepEqual(
      reports.map(({ policy, level }) => [policy, level]),
      [["egress-inert-rule", "advisory"]],
    );
    assert.match(reports[0]!.message, /ServiceEntry for httpbin\.org/);
  });

  itBothWays("where an ExternalName has a cluster of its own, they have none", async (way) => {
    const old = egressPolicies({ mesh: { istioVersion: "1.20" } });
    const reports = await preview(old, declaredBy("task"), { way });
    assert.deepEqual(
      reports.map(({ policy }) => policy),
      ["egress-unproven-version"],
    );
  });
});
