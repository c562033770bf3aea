import assert from "node:assert/strict";
import { egressPolicies } from "../../../policies/pack.js";
import { rules } from "../../../policies/rules/index.js";
import { itBothWays, preview } from "../../harness/index.js";
import { stackOf } from "../stacks.js";

describe("the examples in the rules' documentation", () => {
  for (const { metadata, example } of rules) {
    if (!example) continue;
    itBothWays(`${metadata.name} reports its bad example`, async (way) => {
      const reports = await preview(egressPolicies(), stackOf(example.reported), { way });
      assert.ok(
        reports.some(({ policy }) => policy === metadata.name),
        JSON.stringify(reports, undefined, 2),
      );
    });
    itBothWays(
      `no rule has anything to say about the good example of ${metadata.name}`,
      async (way) => {
        assert.deepEqual(await preview(egressPolicies(), stackOf(example.silent), { way }), []);
      },
    );
  }
});
