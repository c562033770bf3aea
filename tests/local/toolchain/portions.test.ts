import assert from "node:assert/strict";
import { portions } from "../../../local/toolchain/portions.js";

describe("the portions that a build compiles one after another", () => {
  const package_ = (path: string, size: number) => ({ path, size, isNamed: true });
  const cases: [what: string, sizes: Record<string, number>, expected: string[][]][] = [
    ["what fits into one is compiled with its programs", { a: 3, b: 4 }, []],
    [
      "the order is kept, and the last is left out",
      { a: 3, b: 4, c: 6, d: 5 },
      [["a", "b"], ["c"]],
    ],
    ["a package over the limit is a portion of its own", { a: 30, b: 4, c: 30 }, [["a"], ["b"]]],
    ["nothing", {}, []],
  ];
  for (const [what, sizes, expected] of cases) {
    it(what, () => {
      const packages = Object.entries(sizes).map(([path, size]) => package_(path, size));
      const paths = portions(packages, 10).map((portion) => portion.map((one) => one.path));
      assert.deepEqual(paths, expected);
    });
  }
});
