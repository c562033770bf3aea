import assert from "node:assert/strict";
import { egressPolicies } from "../../../policies/pack.js";
import { analyzeStack, itBothWays } from "../../harness/index.js";
import { stackOf, unwrapped, WIKIPEDIA } from "../stacks.js";

const NAME = "egress-unproven-version";

const NAMESPACE = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
`;

describe(NAME, () => {
  const reports = async (istioVersion: string, stack: string[], way: "raw" | "proxied") =>
    (
      await analyzeStack(egressPolicies({ mesh: { istioVersion } }), stackOf(...stack), { way })
    ).filter(({ policy }) => policy === NAME);

  itBothWays("reports a version that is judged by its source, once", async (way) => {
    const [report, ...others] = await reports("1.23", [WIKIPEDIA], way);
    assert.match(unwrapped(report?.message), /^less sure: Istio 1\.23 is judged by its source; /);
    assert.equal(report?.level, "advisory");
    assert.deepEqual(others, []);
  });

  itBothWays("reports a version that is newer than every one that was compared", async (way) => {
    const [report] = await reports("1.32", [WIKIPEDIA], way);
    assert.match(unwrapped(report?.message), /1\.32; it is judged as 1\.31 is$/);
  });

  for (const version of ["1.22", "1.25", "1.30.1", "1.31"]) {
    itBothWays(`says nothing of ${version}`, async (way) => {
      assert.deepEqual(await reports(version, [WIKIPEDIA], way), []);
    });
  }

  itBothWays("says nothing where there is no alias to judge", async (way) => {
    assert.deepEqual(await reports("1.23", [NAMESPACE], way), []);
  });
});
