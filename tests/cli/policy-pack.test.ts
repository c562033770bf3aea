import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isAsRecorded } from "../../cli/policy-pack.js";

describe("the record of the policy pack's build", () => {
  let folder: string;
  const write = (file: string, text: string) => writeFileSync(path.join(folder, file), text);
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-pack-"));
    write("rule.ts", "a rule");
    write("index.js", "the pack");
    write(
      "record.json",
      JSON.stringify({ "rule.ts": hash("a rule"), "index.js": hash("the pack") }),
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("holds while nothing is changed", () => {
    assert.equal(isAsRecorded("record.json", folder), true);
  });

  for (const [title, change] of [
    ["a source is edited", () => write("rule.ts", "another rule")],
    ["a source is gone", () => rmSync(path.join(folder, "rule.ts"))],
    ["the pack was tampered with", () => write("index.js", "nothing")],
    ["the pack is gone", () => rmSync(path.join(folder, "index.js"))],
    ["it is damaged itself", () => write("record.json", '{ "rule.ts": "')],
    ["it isn't there", () => rmSync(path.join(folder, "record.json"))],
  ] as const) {
    it(`doesn't hold where ${title}`, () => {
      change();
      assert.equal(isAsRecorded("record.json", folder), false);
    });
  }
});
