import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { egressPolicies } from "../../policies/pack.js";
import { rulePages } from "../../policies/rule-docs.js";
import { rules } from "../../policies/rules/index.js";

const DOCS = path.join(__dirname, "../../docs/rules");

describe("what the rules say about themselves", () => {
  for (const { metadata, why } of rules) {
    const { name, displayName, description, severity, framework, tags, remediationSteps, url } =
      metadata;
    it(`${name} says all of it`, () => {
      assert.match(name, /^egress-[a-z]+(-[a-z]+)*$/);
      assert.match(displayName, /^[A-Z].{10,60}[^.]$/);
      assert.match(description, /^[A-Z].{20,86}\.$/, "one line of a terminal");
      assert.ok(["low", "medium", "high", "critical"].includes(severity));
      assert.ok(tags.length >= 2);
      assert.match(remediationSteps, /^[A-Z].{30,}\.$/s);
      assert.match(url, /^https:\/\/istio\.io\/latest\/docs\//);
      assert.ok(why.length > 100);
      assert.ok(Object.values<unknown>({ ...framework }).every((text) => text !== ""));
    });
  }

  it("is what the engine receives, under names of their own", () => {
    const names = rules.map(({ metadata }) => metadata.name);
    assert.equal(new Set(names).size, names.length);
    for (const [index, policy] of egressPolicies().entries()) {
      for (const [field, value] of Object.entries(rules[index]!.metadata)) {
        assert.deepEqual((policy as unknown as Record<string, unknown>)[field], value, field);
      }
    }
  });

  it("is what docs/rules says (npm run docs:rules)", () => {
    const pages = rulePages();
    assert.deepEqual(readdirSync(DOCS).sort(), [...pages.keys()].sort());
    for (const [file, text] of pages) {
      assert.equal(readFileSync(path.join(DOCS, file), "utf8"), text, file);
    }
  });

  it("has a file of its own for every rule", () => {
    const files = readdirSync(path.join(__dirname, "../../policies/rules"));
    const expected = rules.map(({ metadata }) => `${metadata.name.replace(/^egress-/, "")}.ts`);
    assert.deepEqual(files.sort(), [...expected, "index.ts"].sort());
  });
});
