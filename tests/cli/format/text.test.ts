import assert from "node:assert/strict";
import { Chalk } from "chalk";
import fc from "fast-check";
import { colour } from "../../../cli/format/colour.js";
import { columns } from "../../../cli/format/columns.js";
import { paragraph, stripColour, WIDTH, wrap } from "../../../cli/format/text.js";
import { visible } from "../../../mesh/index.js";

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

  it("lays out many rows and long words in time that grows with them alone", () => {
    const before = process.cpuUsage();
    const rows = Array.from({ length: 2_000 }, (_, index) => [`${index}`, "x".repeat(1_000), "b"]);
    assert.equal(columns(["a", "b", "c"], rows).split("\n").length, 1 + 2_000 * 11);
    const more = Array.from({ length: 150_000 }, (_, index) => [`${index}`, "b"]);
    assert.equal(columns(["a", "b"], more).split("\n").length, 150_001);
    assert.ok(process.cpuUsage(before).user < 5_000_000);
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

describe("colours", () => {
  it("are left out where NO_COLOR says so, whatever the terminal can do", async () => {
    const { NO_COLOR } = process.env;
    try {
      process.env.NO_COLOR = "1";
      assert.equal((await colour()).level, 0);
      process.env.NO_COLOR = "";
      assert.equal((await colour()).level, (await import("chalk")).default.level);
    } finally {
      if (NO_COLOR === undefined) delete process.env.NO_COLOR;
      else process.env.NO_COLOR = NO_COLOR;
    }
  });
});

describe("what others named", () => {
  const cases: [text: string, shown: string][] = [
    ["default/my-wikipedia → 198.35.26.96", "default/my-wikipedia → 198.35.26.96"],
    ["zürich.example, 東京", "zürich.example, 東京"],
    ["\u001b[31m", "\\u001b[31m"],
    ["\u009b31m", "\\u009b31m"],
    ["a\nb\r\tc\u2028d", "a\\nb\\r\\tc\\u2028d"],
    ["\u202e\u2066\u200b\u200d\ufeff\u00ad", "\\u202e\\u2066\\u200b\\u200d\\ufeff\\u00ad"],
    ["a\u00a0b\u3164\u{e0041}", "a\\u00a0b\\u3164\\u{e0041}"],
    ["\ud800", "\\ud800"],
  ];
  for (const [text, shown] of cases) {
    it(`is shown as ${shown}`, () => assert.equal(visible(text), shown));
  }
});
