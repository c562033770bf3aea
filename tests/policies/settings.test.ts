import assert from "node:assert/strict";
import { egressPolicies } from "../../policies/pack.js";
import {
  type EgressSettings,
  resolveSettings,
  SettingsError,
  settingsSchema,
} from "../../policies/settings.js";
import { itBothWays, preview } from "../harness/index.js";
import { told } from "./engine.js";
import { WIKIPEDIA, rule, stackOf, tls, unwrapped } from "./stacks.js";

const HOST = "my-wikipedia.default.svc.cluster.local";
const VIOLATING = stackOf(WIKIPEDIA, rule("r", HOST, tls("ISTIO_MUTUAL")));
const SOMEONE = { who: "team-directory", why: "moves into the mesh" };

describe("settings", () => {
  it("have defaults for everything", () => {
    assert.deepEqual(resolveSettings(), {
      mesh: {},
      externalHosts: [],
      clusterCidrs: [],
      clients: [],
      outsideNamespaces: ["without-istio"],
      defaultNamespace: "default",
      waivers: [],
      remediation: [],
    });
  });

  it("given in code are overridden one by one by those of a configuration", () => {
    const settings = resolveSettings(
      { externalHosts: ["a.example"], clusterCidrs: ["10.0.0.0/8"] },
      { externalHosts: ["b.example"] },
    );
    assert.deepEqual(settings.externalHosts, ["b.example"]);
    assert.deepEqual(settings.clusterCidrs, ["10.0.0.0/8"]);
  });

  describe("that can't be used are named, each in one line", () => {
    const mistakes: [string, unknown, RegExp][] = [
      [
        "an unknown setting",
        { externalHost: ["a.example"] },
        /settings: Unrecognized key: "externalHost"/,
      ],
      [
        "a host in upper case",
        { externalHosts: ["A.example"] },
        /externalHosts\.0: "A\.example" isn't a host; write it in lower case/,
      ],
      ["a host with a star in the middle", { externalHosts: ["a.*.example"] }, /externalHosts\.0:/],
      [
        "a range that is none",
        { clusterCidrs: ["10.0.0.0"] },
        /clusterCidrs\.0: an address range such as/,
      ],
      [
        "a version that is none",
        { mesh: { istioVersion: "2.7" } },
        /mesh\.istioVersion: "2\.7" isn't a version of Istio; write one such as "1\.31"/,
      ],
      [
        "a namespace that is none",
        { clients: [{ namespace: "Default" }] },
        /clients\.0\.namespace: the name of a namespace/,
      ],
      [
        "a waiver for nothing",
        { waivers: [{ ...SOMEONE, until: "2026-12-31" }] },
        /waivers\.0: say what is waived/,
      ],
      [
        "a waiver of an alias without its namespace",
        { waivers: [{ ...SOMEONE, alias: "my-wikipedia", until: "2026-12-31" }] },
        /waivers\.0\.alias: namespace\/name/,
      ],
      [
        "a waiver of a policy that there isn't",
        { waivers: [{ ...SOMEONE, alias: "a/b", until: "2026-12-31", policy: "istio-mutual" }] },
        /waivers\.0\.policy: "istio-mutual" is not a policy that can be waived; write one of egress-/,
      ],
      [
        "a waiver of a policy by what its violations don't have",
        {
          waivers: [
            { ...SOMEONE, rule: "a/b", until: "2026-12-31", policy: "egress-external-address" },
          ],
        },
        /waivers\.0\.rule: egress-external-address names nothing by its rule; write alias/,
      ],
      [
        "a waiver of a resource that says no policy",
        { waivers: [{ ...SOMEONE, resource: "a", until: "2026-12-31" }] },
        /waivers\.0\.resource: a waiver without a policy names nothing by its resource; write alias or rule/,
      ],
      [
        "a waiver by nobody",
        { waivers: [{ alias: "a/b", why: "x", until: "2026-12-31" }] },
        /waivers\.0\.who/,
      ],
      [
        "a waiver until no day",
        { waivers: [{ ...SOMEONE, alias: "a/b", until: "31.12.2026" }] },
        /waivers\.0\.until: "31\.12\.2026" is not a day such as 2026-12-31/,
      ],
      [
        "a waiver until a day that doesn't exist",
        { waivers: [{ ...SOMEONE, alias: "a/b", until: "2026-02-30" }] },
        /"2026-02-30" is not a day/,
      ],
      [
        "SIMPLE without names",
        { remediation: [{ host: "a.example", mode: "SIMPLE" }] },
        /remediation\.0\.subjectAltNames: SIMPLE needs the names/,
      ],
      [
        "a remediation to ISTIO_MUTUAL",
        { remediation: [{ host: "a.example", mode: "ISTIO_MUTUAL" }] },
        /remediation\.0\.mode: SIMPLE or DISABLE/,
      ],
    ];
    for (const [what, settings, message] of mistakes) {
      it(`${what}, in code`, () => {
        assert.throws(
          () => egressPolicies(settings as EgressSettings),
          (error) => {
            assert.ok(error instanceof SettingsError);
            assert.match(error.message, message);
            assert.equal(error.message.split("\n").length, 2, error.message);
            return true;
          },
        );
      });
      it(`${what}, in a configuration: one report, and nothing is judged by wrong settings`, async () => {
        const config = { "egress-settings": settings as Record<string, unknown> };
        const engine = () =>
          told({ levels: { "egress-settings": "mandatory" }, properties: config });
        const policies = egressPolicies({}, undefined, engine);
        const reports = await preview(policies, VIOLATING, { way: "proxied", config });
        assert.equal(reports.length, 1);
        assert.equal(reports[0]!.policy, "egress-settings");
        assert.equal(reports[0]!.level, "mandatory");
        assert.match(reports[0]!.message, message);
      });
    }
  });

  describe("that can't be used fail every rule by itself where egress-settings can't", () => {
    const properties = { "egress-settings": { externalHost: ["a.example"] } };
    const MANDATORY = [
      "egress-disallow-istio-mutual",
      "egress-disallow-istio-mutual-external-host",
      "egress-external-address",
      "egress-one-object-one-resource",
      "egress-origination-verifies-server",
      "egress-outside-namespace-injection",
    ];
    for (const level of ["advisory", "disabled"] as const) {
      itBothWays(`at level ${level}`, async (way) => {
        const engine = () => told({ levels: { "egress-settings": level }, properties });
        const config = {
          "egress-settings": { ...properties["egress-settings"], enforcementLevel: level },
        };
        const policies = egressPolicies({}, undefined, engine);
        const reports = await preview(policies, VIOLATING, { way, config });
        const mandatory = reports.filter((report) => report.level === "mandatory");
        assert.deepEqual(mandatory.map(({ policy }) => policy).sort(), MANDATORY);
        for (const { policy, message } of mandatory) {
          assert.ok(unwrapped(message).startsWith(`not judged: ${policy} needs settings`), message);
          assert.match(message, /Unrecognized key: "externalHost"/);
        }
      });
    }
    it("while a disabled egress-settings hides no setting that can be used", async () => {
      const engine = () =>
        told({
          levels: { "egress-settings": "disabled" },
          properties: { "egress-settings": { externalHosts: [HOST] } },
        });
      const config = { "egress-settings": { enforcementLevel: "disabled" as const } };
      const stack = stackOf(rule("r", HOST, tls("ISTIO_MUTUAL")));
      const reports = await preview(egressPolicies({}, undefined, engine), stack, {
        way: "raw",
        config,
      });
      assert.deepEqual(reports.map(({ policy }) => policy).sort(), [
        "egress-disallow-istio-mutual",
        "egress-disallow-istio-mutual-external-host",
      ]);
    });
  });

  it("reach every rule from the configuration of egress-settings", async () => {
    const config = { "egress-settings": { externalHosts: [HOST] } };
    const stack = stackOf(rule("r", HOST, tls("ISTIO_MUTUAL")));
    const reports = await preview(egressPolicies(), stack, { way: "proxied", config });
    assert.deepEqual(reports.map(({ policy }) => policy).sort(), [
      "egress-disallow-istio-mutual",
      "egress-disallow-istio-mutual-external-host",
    ]);
  });

  it("have a schema of structure alone: no defaults to override code, no patterns to explain", () => {
    const schema = settingsSchema();
    assert.deepEqual(Object.keys(schema), Object.keys(resolveSettings()));
    assert.doesNotMatch(JSON.stringify(schema), /"(default|pattern|format)":/);
    for (const [name, { description }] of Object.entries(schema)) assert.ok(description, name);
  });
});
