import assert from "node:assert/strict";
import { sharedPlane } from "./sharedPlane.js";
import { type TestCatalogue, TestStack } from "./testStack.js";

/** Many at a time: what goes wrong in the provider goes wrong now and then. */
const ALIASES = 6;
const ROUND_TRIPS = 2;

/** Aliases for names of a zone, and no clients; before Istio 1.21 an alias is a Service and a rule. */
function aliasesFor(zone: string): TestCatalogue {
  const aliases = Array.from({ length: ALIASES }, (_, index) => ({
    name: `alias-${index}`,
    externalName: `host-${index}.${zone}`,
    ports: [{ name: "http", port: 80 }],
    tls: { mode: "DISABLE" },
  }));
  return { mesh: { istioVersion: "1.20" }, clients: [], aliases };
}

describe("an external name that changes, on real parts", function () {
  this.timeout(240_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.open({ on: await sharedPlane() });
  });

  after(() => stack?.close());

  const up = async (zone: string) => {
    const run = await stack.up(aliasesFor(zone));
    assert.equal(run.exitCode, 0, run.output);
    return run.changes.filter((change) => change.includes(" Service "));
  };

  it("is what the state says after each change there and back, so that refresh finds no drift", async () => {
    await up("example.com");
    const changed = Array.from(
      { length: ALIASES },
      (_, index) => `update Service alias-${index}.default-service: spec.externalName`,
    );
    for (let trip = 0; trip < ROUND_TRIPS; trip++) {
      for (const zone of ["example.net", "example.com"]) {
        assert.deepEqual(await up(zone), changed, `round trip ${trip}, to ${zone}`);
        const { changes } = await stack.refresh(aliasesFor(zone));
        assert.deepEqual(changes, [], `round trip ${trip}, to ${zone}`);
      }
    }
  });
});
