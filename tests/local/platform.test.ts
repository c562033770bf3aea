import assert from "node:assert/strict";
import { Mistake } from "../../local/mistake.js";
import { requireLinux } from "../../local/platform.js";

describe("the platform", () => {
  it("is Linux, or the message says what to use instead", () => {
    requireLinux("linux");
    assert.throws(
      () => requireLinux("darwin"),
      (error: Error) => {
        assert.ok(error instanceof Mistake);
        assert.match(error.message, /runs on Linux only, and this is darwin\. Use a cluster of/);
        return true;
      },
    );
  });
});
