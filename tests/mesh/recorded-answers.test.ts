import assert from "node:assert/strict";
import { compare } from "../oracle/comparison.js";
import { readRegressions } from "../oracle/regressions.js";

describe("the model says what istiod said", () => {
  for (const { name, about, question, answer } of readRegressions()) {
    it(`${name}: ${about}`, () => {
      assert.deepEqual(compare(question, answer).differences, []);
    });
  }
});
