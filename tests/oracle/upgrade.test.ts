import assert from "node:assert/strict";
import { GENERATIONS, NEWEST, ownProgram } from "./generations.js";
import { runUpgrades, upgradeText } from "./upgrade.js";

/** `npm run oracle -- --istio 1.22 --upgrade 1.31 --meshes 1000` is the long one. */
const MESHES = Number(process.env.ORACLE_UPGRADES ?? 100);
const SEED = process.env.ORACLE_SEED === undefined ? undefined : Number(process.env.ORACLE_SEED);

describe("what upgrade says, and the istiods of both versions", function () {
  before(function () {
    // One program can't be of both.
    if (ownProgram() !== undefined) this.skip();
  });

  for (const version of ["1.20", "1.22"]) {
    it(`agree on ${MESHES} random meshes from ${version} to ${NEWEST.version}, and on what is to be written before`, async function () {
      this.timeout(0);
      const from = GENERATIONS.find((one) => one.version === version)!;
      const result = await runUpgrades({ from, to: NEWEST, meshes: MESHES, seed: SEED });
      console.log(upgradeText(result).replaceAll(/^/gm, "      "));
      assert.deepEqual(result.faults, [], `seed ${result.seed}`);
      assert.ok(result.clusters > 0 && result.prepared > 0, "something differs, and is mended");
    });
  }
});
