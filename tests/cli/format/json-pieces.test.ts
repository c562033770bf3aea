import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { jsonPieces } from "../../../cli/format/json-pieces.js";
import { writePieces } from "../../../cli/format/write.js";

const textOf = (value: unknown) => [...jsonPieces(value)].join("");

function* generated<T>(items: readonly T[]): Generator<T> {
  yield* items;
}

describe("JSON in pieces", () => {
  it("is what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(textOf(value), JSON.stringify(value, undefined, 2));
      }),
    );
  });

  it("leaves out fields that are undefined", () => {
    assert.equal(textOf({ a: undefined, b: [{ c: undefined }] }), '{\n  "b": [\n    {}\n  ]\n}');
  });

  it("has what is generated as a list", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (items) => {
        const whole = JSON.stringify({ runs: [{ results: items }] }, undefined, 2);
        assert.equal(textOf({ runs: [{ results: generated(items) }] }), whole);
      }),
    );
  });

  it("asks for an item when the ones before are written", () => {
    let made = 0;
    function* counted() {
      for (;;) yield ++made;
    }
    const pieces: Iterator<string> = jsonPieces({ endless: counted() });
    while (pieces.next().value !== "3");
    assert.equal(made, 3);
  });

  it("waits for a slow reader", async () => {
    const output = new PassThrough({ highWaterMark: 10 });
    let made = 0;
    function* pieces() {
      for (; made < 5; made++) yield "x".repeat(100_000);
    }
    const written = writePieces(output, pieces());
    await new Promise(setImmediate);
    assert.equal(made, 0, "the second piece isn't made before the first one is taken");
    let read = 0;
    output.on("data", (chunk: Buffer) => (read += chunk.length));
    await written;
    assert.equal(read, 500_000);
  });
});
