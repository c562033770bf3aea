import assert from "node:assert/strict";
import { parseCatalogue } from "../../catalogue/catalogue.js";
import { httpbin, mistakes, wikipedia } from "./examples.js";

const catalogue = (guard?: unknown) => ({
  clients: [],
  aliases: [httpbin, wikipedia],
  ...(guard !== undefined && { guard }),
});
const guardOf = (guard?: unknown) => parseCatalogue(catalogue(guard), "Pulumi.dev.yaml").guard;

const waiver = {
  rule: "shop/mesh-mtls",
  who: "team-shop",
  why: "moves next week",
  until: "2026-12-31",
};

describe("the guard in a catalogue", () => {
  it("is there only if requested", () => {
    assert.equal(guardOf(), undefined);
    assert.equal(guardOf(false), undefined);
  });

  it("refuses, unless its actions say something else", () => {
    const defaults = { name: "istio-egress", validationActions: ["Deny"], waivers: [] };
    assert.deepEqual(guardOf(true), defaults);
    assert.deepEqual(guardOf({}), defaults);
    const said = {
      name: "payments",
      validationActions: ["Warn", "Audit"],
      exemptNamespaces: { team: "platform" },
      waivers: [waiver, { ...waiver, rule: undefined, alias: "default/my-httpbin", host: "*.org" }],
    };
    assert.deepEqual(guardOf(said), said);
  });

  const MISTAKES: [what: string, guard: unknown, key: string, message: RegExp][] = [
    ["a word", "yes", "guard", /^is "yes"; write an object with name, validationActions, /],
    ["an unknown key", { action: "Deny" }, "guard.action", /^unknown key; write one of name, /],
    [
      "another action",
      { validationActions: ["Refuse"] },
      "guard.validationActions[0]",
      /Deny, Warn or Audit$/,
    ],
    [
      "no action",
      { validationActions: [] },
      "guard.validationActions",
      /^is empty; write \[Deny\]/,
    ],
    [
      "two that Kubernetes refuses together",
      { validationActions: ["Deny", "Warn"] },
      "guard.validationActions",
      /write \[Deny\], or \[Deny, Audit\]$/,
    ],
    [
      "a name that is none",
      { name: "My Guard" },
      "guard.name",
      /isn't a DNS label; write my-guard$/,
    ],
    [
      "a waiver without a day",
      { waivers: [{ ...waiver, until: undefined }] },
      "guard.waivers[0].until",
      /^missing; write the last day/,
    ],
    [
      "a waiver until no day",
      { waivers: [{ ...waiver, until: "2026-02-30" }] },
      "guard.waivers[0].until",
      /^"2026-02-30" isn't a day; write one such as/,
    ],
    [
      "a waiver of nobody",
      { waivers: [{ ...waiver, who: "" }] },
      "guard.waivers[0].who",
      /^is empty; write who answers for it$/,
    ],
    [
      "a waiver of nothing",
      { waivers: [{ ...waiver, rule: undefined }] },
      "guard.waivers[0]",
      /write alias, rule or host$/,
    ],
    [
      "a waiver of no alias of ours",
      { waivers: [{ ...waiver, alias: "x/y" }] },
      "guard.waivers[0].alias",
      /write one of default\/my-httpbin, default\/my-wikipedia$/,
    ],
    [
      "a rule without its namespace",
      { waivers: [{ ...waiver, rule: "mesh-mtls" }] },
      "guard.waivers[0].rule",
      /^"mesh-mtls" isn't a namespace and a name; write /,
    ],
    [
      "a URL for a host",
      { waivers: [{ ...waiver, host: "https://x.org" }] },
      "guard.waivers[0].host",
      /isn't a host/,
    ],
  ];
  for (const [what, guard, key, message] of MISTAKES) {
    it(`can't be ${what}`, () => {
      const [mistake, ...others] = mistakes(catalogue(guard));
      assert.deepEqual(others, []);
      assert.equal(mistake?.[0], key);
      assert.match(mistake?.[1] ?? "", message);
    });
  }
});
