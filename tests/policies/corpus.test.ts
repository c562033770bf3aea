import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { egressPolicies } from "../../policies/pack.js";
import { itBothWays, preview } from "../harness/index.js";
import { stackOf } from "./stacks.js";

const CORPUS = path.join(__dirname, "corpus");

describe("configurations as Istio's documentation means them", () => {
  for (const file of readdirSync(CORPUS).filter((name) => name.endsWith(".yaml"))) {
    itBothWays(`nothing to say about ${file}`, async (way) => {
      const resources = stackOf(readFileSync(path.join(CORPUS, file), "utf8"));
      assert.deepEqual(await preview(egressPolicies(), resources, { way }), []);
    });
  }
});
