import assert from "node:assert/strict";
import { egressPolicies } from "../../policies/pack.js";
import {
  type EgressSettings,
  resolveSettings,
  SettingsError,
  settingsSchema,
} from "../../policies/settings.js";
import { itBothWays, preview } from "../harness/index.js";
import { WIKIPEDIA, rule, stackOf, tls } from "./stacks.js";

const HOST = "my-wikipedia.default.svc.cluster.local";
const VIOLATING = stackOf(WIKIPEDIA, rule("r", HOST, tls("ISTIO_MUTUAL")));
const SOMEONE = { who: "team-directory", why: "moves into the mesh" };

/** What the pack reports about the violating stack on a day, by rule. */
async function reported(
  settings: EgressSettings,
  options: Parameters<typeof preview>[2] = { way: "proxied" },
  today = "2026-06-15T12:00:00Z",
): Promise<string[]> {
  const policies = egressPolicies(settings, () => new Date(today));
  return (await preview(policies, VIOLATING, options)).map(({ policy }) => policy);
}

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
        /externalHosts\.0: a host in lower case/,
      ],
      ["a host with a star in the middle", { externalHosts: ["a.*.example"] }, /externalHosts\.0:/],
      [
        "a range that is none",
        { clusterCidrs: ["10.0.0.0"] },
        /clusterCidrs\.0: an address range such as/,
      ],
      [
        "a version that is none",
        { mesh: { istioVersion: "latest" } },
        /mesh\.istioVersion: a version such as 1\.31/,
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
        const reports = await preview(egressPolicies(), VIOLATING, { way: "proxied", config });
        assert.equal(reports.length, 1);
        assert.equal(reports[0]!.policy, "egress-settings");
        assert.equal(reports[0]!.level, "mandatory");
        assert.match(reports[0]!.message, message);
      });
    }
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

describe("waivers", () => {
  const waive = (more: Record<string, unknown>) => ({
    waivers: [{ ...SOMEONE, until: "2026-06-15", ...more }] as EgressSettings["waivers"],
  });

  const covering: [string, Record<string, unknown>][] = [
    ["by alias", { alias: "default/my-wikipedia" }],
    ["by rule", { rule: "default/r" }],
    ["by host", { host: HOST }],
    ["by a suffix of the host", { host: "*.default.svc.cluster.local" }],
    ["by all of them", { alias: "default/my-wikipedia", rule: "default/r", host: HOST }],
  ];
  for (const [how, waiver] of covering) {
    itBothWays(`cover a violation ${how}, to the end of the last day`, async (way) => {
      assert.deepEqual(await reported(waive(waiver), { way }, "2026-06-15T23:59:59Z"), []);
    });
  }

  for (const waiver of [
    { alias: "default/my-httpbin" },
    { alias: "default/my-wikipedia", rule: "default/other" },
    { host: "*.shop.svc.cluster.local" },
    { alias: "default/my-wikipedia", policy: "egress-external-address" },
  ]) {
    it(`don't cover what they don't name: ${JSON.stringify(waiver)}`, async () => {
      assert.deepEqual(await reported(waive(waiver)), ["egress-disallow-istio-mutual"]);
    });
  }

  it("fail after their last day, and what they covered fails again", async () => {
    const settings = waive({ alias: "default/my-wikipedia" });
    assert.deepEqual(await reported(settings, { way: "proxied" }, "2026-06-16T00:00:00Z"), [
      "egress-settings",
      "egress-disallow-istio-mutual",
    ]);
  });

  it("say who, why and until when in the report of their end", async () => {
    const policies = egressPolicies(waive({ alias: "default/gone" }), () => new Date("2027-01-01"));
    const [report] = await preview(policies, [], { way: "proxied" });
    assert.match(report?.message ?? "", /alias default\/gone \(team-directory, until 2026-06-15\)/);
    assert.match(report?.message ?? "", /moves into the mesh/);
  });
});
