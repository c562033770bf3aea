import assert from "node:assert/strict";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { sizeMistake } from "../../catalogue/size.js";
import { wikipedia } from "./examples.js";

const aliases = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ...wikipedia, name: `alias-${i}` }));
const config = (count: number) => ({
  [CATALOGUE_KEY]: { clients: [], aliases: aliases(count) },
  "istio-egress:context": "staging",
});

describe("the size of a stack's configuration", () => {
  it("is nobody's concern while there is room", () => {
    assert.equal(sizeMistake({}), undefined);
    assert.equal(sizeMistake(config(100)), undefined);
  });

  const count = (limit: number) => {
    const of = (n: number) =>
      `PULUMI_CONFIG=${JSON.stringify({
        [CATALOGUE_KEY]: JSON.stringify(config(n)[CATALOGUE_KEY]),
        "istio-egress:context": "staging",
      })}`.length + 1;
    const one = (of(1000) - of(900)) / 100;
    return Math.floor((limit - of(900)) / one) + 900;
  };

  it("is said from four fifths of what fits into one string of Linux's, with what to write", () => {
    const { isTooBig, message } = sizeMistake(config(count(110_000)))!;
    assert.equal(isTooBig, false);
    assert.match(message, /takes 108 kB, and Pulumi can hand 128 kB to a program on Linux; /);
    assert.match(message, /"argument list too long"/);
    assert.match(message, /write files: \[catalogue\/\*\.yaml\] in the catalogue/);
  });

  it("is too big beyond it, whether the values are text already or not", () => {
    const written = config(count(140_000));
    const told = { ...written, [CATALOGUE_KEY]: JSON.stringify(written[CATALOGUE_KEY]) };
    assert.equal(sizeMistake(written)?.isTooBig, true);
    assert.deepEqual(sizeMistake(told), sizeMistake(written));
  });

  it("counts characters that Go writes as six, and those that take several bytes", () => {
    const near = (text: string) => sizeMistake({ "istio-egress:context": text }) !== undefined;
    assert.deepEqual([near("x".repeat(20_000)), near("&".repeat(20_000))], [false, true]);
    assert.deepEqual([near("x".repeat(60_000)), near("ä".repeat(60_000))], [false, true]);
  });
});
