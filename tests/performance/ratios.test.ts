import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { median, type Ratios, ratiosOf, ratioTable } from "./ratios.js";

const MEASURED = {
  cold: { smallest: [4, 5, 4], stacks: { dev: [6, 5, 5] } },
  // The machine was three times as slow in the second turn: that is no change of the ratio.
  warm: { smallest: [1, 3, 1], stacks: { dev: [1.2, 3.6, 1.3] } },
};

describe("the ratios of previews", () => {
  it("have a median, of an even number of values too", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });

  it("are those of each turn, so that a slow machine doesn't change them", () => {
    assert.deepEqual(ratiosOf(MEASURED), { stacks: { dev: { cold: 1.25, warm: 1.2 } } });
  });

  for (const [before, mark] of [
    [{ cold: 1.25, warm: 1.2 }, /\| 1\.20 +\| 1\.20 +\| 0 % +\|/],
    [{ cold: 1.25, warm: 1.5 }, /\| 1\.20 +\| 1\.50 +\| -20 % +\|/],
    [{ cold: 1.25, warm: 1.1 }, /\| 1\.20 +\| 1\.10 +\| \+9 % +\|/],
    [{ cold: 1.25, warm: 1 }, /\| 1\.20 +\| 1\.00 +\| ⚠️ \+20 %: worse by more than 10 % +\|/],
  ] as const) {
    it(`are marked beside ${before.warm} before as they should be`, () => {
      const table = ratioTable(MEASURED, ratiosOf(MEASURED), { stacks: { dev: before } });
      assert.match(table, mark);
    });
  }

  it("are reported for a stack that wasn't there before, too", () => {
    const table = ratioTable(MEASURED, ratiosOf(MEASURED));
    assert.match(table, /^\| dev +\| warm +\| 1\.30 s \(1\.20 to 3\.60\) +\| 1\.20 +\| - +\| not/m);
  });

  it("are committed for every stack", () => {
    const file = path.join(REPOSITORY, "docs/performance.json");
    const { stacks } = JSON.parse(readFileSync(file, "utf8")) as Ratios;
    assert.deepEqual(Object.keys(stacks).sort(), ["dev", "prod", "staging"]);
    for (const { cold, warm } of Object.values(stacks)) assert.ok(cold > 0 && warm > 0);
  });
});
