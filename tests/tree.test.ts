import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { globSync } from "tinyglobby";
import { REPOSITORY } from "../local/toolchain/cache.js";

/** Rooms whose tests stand under the same path below tests/. */
const MIRRORED = ["catalogue", "cli", "components", "local", "mesh", "policies"];
const SOURCE = /\.(ts|mjs|cjs)$/;

/** Files of these rooms, without their ends; `tests` has the tests' place below tests/. */
const sources = globSync(`{${MIRRORED.join()}}/**/*.{ts,mjs,cjs}`, { cwd: REPOSITORY }).map(
  (file) => file.replace(SOURCE, ""),
);
const tests = globSync(`tests/{${MIRRORED.join()}}/**/*.test.ts`, { cwd: REPOSITORY }).map((file) =>
  path.relative("tests", file).replace(/\.test\.ts$/, ""),
);

describe("the tests of a room", () => {
  it("stand in a folder that the room has", () => {
    assert.ok(tests.length > 100);
    const astray = tests.filter((test) => !existsSync(path.join(REPOSITORY, path.dirname(test))));
    assert.deepEqual(astray, [], "move them to the folder of what they test");
  });

  it("stand beside what they are named after; those of several files have a name of their own", () => {
    const roomOf = (file: string) => file.slice(0, file.indexOf("/"));
    const astray = tests.flatMap((test) => {
      const same = sources.filter(
        (file) => roomOf(file) === roomOf(test) && path.basename(file) === path.basename(test),
      );
      const isBeside = same.length === 0 || same.includes(test);
      return isBeside ? [] : [`${test} isn't beside ${same.join(" or ")}`];
    });
    assert.deepEqual(astray, []);
  });
});
