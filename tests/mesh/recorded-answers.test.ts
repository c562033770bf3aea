import assert from "node:assert/strict";
import { compareCalls } from "../oracle/call-comparison.js";
import { compare } from "../oracle/comparison.js";
import { readRegressions } from "../oracle/regressions.js";

describe("the model says what istiod said", () => {
  for (const { name, about, question, answer } of readRegressions()) {
    it(`${name}: ${about}`, () => {
      assert.deepEqual(compare(question, answer).differences, []);
      assert.deepEqual(compareCalls(question, answer).differences, []);
    });
  }
});
