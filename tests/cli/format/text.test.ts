import assert from "node:assert/strict";
import { Chalk } from "chalk";
import fc from "fast-check";
import { columns } from "../../../cli/format/columns.js";
import { paragraph, stripColour, WIDTH, wrap } from "../../../cli/format/text.js";

const widest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));
const word = fc.stringMatching(/^[a-z0-9./-]{1,60}$/);
const words = fc.array(word, { minLength: 1, maxLength: 12 }).map((list) => list.join(" "));

describe("text in 100 columns", () => {
  it("wraps at spaces, and in a long word after a dot, slash or dash", () => {
    assert.deepEqual(wrap("default/my-wikipedia → 198.35.26.96", 22), [
      "default/my-wikipedia →",
      "198.35.26.96",
    ]);
    assert.deepEqual(wrap("payments/a-very-long-name", 12), ["payments/a-", "very-long-", "name"]);
    assert.deepEqual(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
  });

  it("loses nothing and keeps to the width, whatever the text", () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 40 }), (text, width) => {
        const lines = wrap(text, width);
        assert.ok(lines.every((line) => line.length <= width));
        assert.equal(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
      }),
    );
  });

  it("fills paragraphs up to the width", () => {
    const text = paragraph("word ".repeat(60), "  ");
    assert.ok(widest(text) <= WIDTH && widest(text) > WIDTH - 5);
    assert.ok(text.split("\n").every((line) => line.startsWith("  word")));
  });

  it("keeps every table within the width", () => {
    const row = fc.array(words, { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        assert.ok(widest(columns(["a", "b", "c", "d", "e", "f"], rows)) <= WIDTH);
      }),
      { numRuns: 10 },
    );
  });

  it("aligns columns by what is seen, not by the colours in them", () => {
    const { red } = new Chalk({ level: 1 });
    const table = columns(
      ["verdict", "alias"],
      [
        [red("violation"), "a"],
        ["ok", "b"],
      ],
    );
    assert.notEqual(stripColour(table), table);
    assert.equal(stripColour(table), "verdict    alias\nviolation  a\nok         b");
  });
});
