import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { globSync } from "tinyglobby";
import { REPOSITORY } from "../local/toolchain/cache.js";

/** Rooms whose tests stand under the same path below tests/. */
const MIRRORED = ["catalogue", "cli", "components", "local", "mesh", "policies"];

/** What these test isn't one file's: a folder's as a whole, or what several files do together. */
const OF_SEVERAL_FILES = [
  "catalogue/guard",
  "cli/import/round-trip",
  "cli/input/hostile",
  "cli/judge-calls",
  "cli/posture/formats",
  "components/conventions",
  "local/toolchain/pins",
  "mesh/decision-table",
  "mesh/input/large-input",
  "mesh/properties",
  "mesh/recorded-answers",
  "mesh/registry/visibility",
  "mesh/unknown/hidden-values",
  "mesh/unknown/many-values",
  "mesh/verdicts/given-service",
  "mesh/verdicts/pod-references",
  "policies/corpus",
  "policies/decision-table",
  "policies/disguises",
  "policies/own-pack",
  "policies/own-stacks",
  "policies/package",
  "policies/placeholders",
  "policies/properties",
  "policies/remediation",
  "policies/rules/examples",
];

describe("the tests of a room", () => {
  const tests = globSync(`tests/{${MIRRORED.join()}}/**/*.test.ts`, { cwd: REPOSITORY }).map(
    (file) => path.relative("tests", file).replace(/\.test\.ts$/, ""),
  );
  const isThere = (file: string) => existsSync(path.join(REPOSITORY, file));

  it("stand in a folder that the room has", () => {
    assert.ok(tests.length > 100);
    const astray = tests.filter((test) => !isThere(path.dirname(test)));
    assert.deepEqual(astray, [], "move them to the folder of what they test");
  });

  it("have the name of what they test, a file or a folder", () => {
    const others = tests.filter(
      (test) => !["", ".ts", ".mjs", ".cjs"].some((end) => isThere(test + end)),
    );
    assert.deepEqual(
      others.sort(),
      OF_SEVERAL_FILES,
      "name them after a file, or list them in tests/tree.test.ts",
    );
  });
});
