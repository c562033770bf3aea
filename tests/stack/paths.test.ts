import assert from "node:assert/strict";
import { tryPaths } from "./paths/tryPaths.js";
import { sharedPlane } from "./sharedPlane.js";

describe("from one catalogue to another, on real parts", function () {
  this.timeout(900_000);

  it("one update leaves what a fresh one would, by 25 random paths", async () => {
    const { paths, calls, pushes } = await tryPaths(await sharedPlane(), {
      count: 25,
      seed: 2026,
      batch: 9,
    });
    assert.equal(paths, 25);
    assert.ok(calls > 0 && pushes > 0, "nobody has called while the stack changed");
  });
});
