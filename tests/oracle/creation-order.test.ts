import assert from "node:assert/strict";
import { runUnordered, unorderedText } from "./unordered.js";

const MESHES = Number(process.env.ORACLE_UNORDERED_MESHES ?? 20);
const SEED = process.env.ORACLE_SEED === undefined ? undefined : Number(process.env.ORACLE_SEED);

describe("istiod, where neither ages nor all values are known", () => {
  it(`confirms what is decided and both witnesses of what isn't, on ${MESHES} meshes`, async function () {
    this.timeout(0);
    const result = await runUnordered({ meshes: MESHES, orders: 3, seed: SEED });
    console.log(`      ${unorderedText(result)}`);
    assert.deepEqual(result.problems.slice(0, 1), []);
  });
});
