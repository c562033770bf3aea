import assert from "node:assert/strict";
import { readYaml, YamlFault } from "../../../cli/input/yaml.js";

describe("YAML as kubectl reads it", () => {
  // By the rules of Go's yaml.v2, which sigs.k8s.io/yaml is made of.
  const scalars: [text: string, value: unknown][] = [
    ["443", 443],
    ["+443", 443],
    ["0673", 443],
    ["0o673", 443],
    ["4_43", 443],
    ["0b110111011", 443],
    ["-0b11", -3],
    ["0x1BB", 443],
    ["443.0", 443],
    ["4.43e2", 443],
    ["1e3", 1000],
    [".5", 0.5],
    ["08", 8],
    ["1:30", "1:30"],
    ["1_a", "1_a"],
    ["0b12", "0b12"],
    ["._5", "._5"],
    [".5_1", 0.51],
    ["1e999", "1e999"],
    ["1.2.3", "1.2.3"],
    ["2026-11-26", "2026-11-26"],
    ["yes", true],
    ["Off", false],
    ["n", false],
    ["nO", "nO"],
    ["~", null],
    ["", null],
    ["Null", null],
    ["'443'", "443"],
    ['"yes"', "yes"],
    ["!!str 443", "443"],
    ['!!int "443"', 443],
    ["!!binary aGk=", "hi"],
    ["!mine text", "text"],
    ["!mine {a: 1}", { a: 1 }],
    ["[2001:db8::]", ["2001:db8::"]],
    ["[001:db8::, '::1', 2001:db8::1]", ["001:db8::", "::1", "2001:db8::1"]],
    ["{b: 2001:db8::}", { b: "2001:db8::" }],
    ["{b:, c: 1}", { "b:": null, c: 1 }],
    ['{"b":{c: ["d:", \'e:\']}}', { b: { c: ["d:", "e:"] } }],
    ["{b: 1, b: 2}", { b: 2 }],
  ];
  for (const [text, value] of scalars) {
    it(`reads ${text || "nothing"} as ${JSON.stringify(value)}`, () => {
      assert.deepEqual(readYaml(`a: ${text}\n`), [{ a: value }]);
    });
  }

  it("shares what aliases share, however many there are", () => {
    const [read] = readYaml(`a: &a {x: 1}\nb:\n${"- *a\n".repeat(5_000)}`) as [{ b: unknown[] }];
    assert.equal(read.b.length, 5_000);
    assert.deepEqual(read.b[4_999], { x: 1 });
  });

  it("refuses aliases that make a small text huge", () => {
    const line = (name: string, other: string) => `${name}: &${name} [${`*${other},`.repeat(9)}]\n`;
    const names = [..."bcdefgh"];
    const bomb = `a: &a [1,2,3]\n${names.map((name, i) => line(name, "abcdefg"[i] ?? "")).join("")}`;
    assert.throws(() => readYaml(bomb), /aliases make \d+ values/);
  });

  const TEXT = 'a: "b\nc"\nd: [\n1\n]\ne: }\n';
  it("says of what is wrong after a moved line where it stands in the text as it was given", () => {
    assert.throws(
      () => readYaml(TEXT),
      (error) => error instanceof YamlFault && error.offset === TEXT.indexOf("}"),
    );
  });
});
