import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pinnedSchemas } from "../../cli/input/schema/write.js";

describe("the schemas of Istio's objects", () => {
  it("are those of the pinned Istio's CustomResourceDefinitions", async function () {
    this.timeout(60_000);
    const kept = readFileSync(path.join(__dirname, "../../cli/input/schema/schemas.json"), "utf8");
    assert.ok(kept === (await pinnedSchemas()), "they differ; write them anew: npm run schemas");
  });
});
