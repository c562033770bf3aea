import assert from "node:assert/strict";
import { egressPolicies } from "../../policies/pack.js";
import { rules } from "../../policies/rules/index.js";
import type { EgressSettings } from "../../policies/settings.js";
import { WAIVABLE } from "../../policies/waivers.js";
import { itBothWays, preview } from "../harness/index.js";
import { HTTPBIN, WIKIPEDIA, rule, stackOf, tls } from "./stacks.js";

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

/** A stack that a policy reports, and what it names in it. */
interface Violation {
  stack: string[];
  settings?: EgressSettings;
  named: { alias?: string; rule?: string; host?: string };
}

const POOL = "trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } }";
const IN_WIKIPEDIA = { alias: "default/my-wikipedia", host: HOST };
const SLICE = `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: my-wikipedia-1
  namespace: default
  labels: { kubernetes.io/service-name: my-wikipedia }
addressType: IPv4
endpoints: [{ addresses: [127.0.0.1] }]
ports: [{ name: tls, port: 443 }]
`;

const VIOLATIONS: Record<string, Violation> = {
  "egress-disallow-istio-mutual": {
    stack: [WIKIPEDIA, rule("r", HOST, tls("ISTIO_MUTUAL"))],
    named: { ...IN_WIKIPEDIA, rule: "default/r" },
  },
  "egress-disallow-istio-mutual-external-host": {
    stack: [rule("r", HOST, tls("ISTIO_MUTUAL"))],
    settings: { externalHosts: [HOST] },
    named: { ...IN_WIKIPEDIA, rule: "default/r" },
  },
  "egress-undecided-tls": {
    stack: [WIKIPEDIA, rule("pool", HOST, POOL), rule("r", HOST, tls("ISTIO_MUTUAL"))],
    named: IN_WIKIPEDIA,
  },
  "egress-inert-rule": {
    stack: [HTTPBIN, rule("r", "my-httpbin.default.svc.cluster.local", tls("DISABLE"))],
    named: {
      alias: "default/my-httpbin",
      host: "my-httpbin.default.svc.cluster.local",
      rule: "default/r",
    },
  },
  "egress-shadowed-rule": {
    stack: [
      WIKIPEDIA,
      rule("r", HOST, tls("DISABLE")),
      rule("theirs", "*.local", tls("SIMPLE"), { namespace: "shop" }),
    ],
    named: { ...IN_WIKIPEDIA, rule: "default/r" },
  },
  "egress-origination-verifies-server": {
    stack: [rule("r", "httpbin.org", "trafficPolicy: { tls: { mode: SIMPLE, sni: httpbin.org } }")],
    named: { host: "httpbin.org", rule: "default/r" },
  },
  "egress-call": {
    stack: [WIKIPEDIA, rule("r", HOST, "trafficPolicy: { tls: { mode: SIMPLE, sni: x } }")],
    named: IN_WIKIPEDIA,
  },
  "egress-external-address": { stack: [SLICE], named: { alias: "default/my-wikipedia" } },
  "egress-port-protocol": {
    stack: [WIKIPEDIA.replaceAll("name: tls", "name: wiki")],
    named: { alias: "default/my-wikipedia" },
  },
};

describe("a waiver of one policy", () => {
  for (const [policy, { stack, settings = {}, named }] of Object.entries(VIOLATIONS)) {
    const reports = async (waivers: EgressSettings["waivers"]) => {
      const policies = egressPolicies({ ...settings, waivers }, () => new Date("2026-06-15"));
      const found = await preview(policies, stackOf(...stack), { way: "proxied" });
      return found.filter((report) => report.policy === policy);
    };
    const waiver = { ...SOMEONE, policy, until: "2026-06-15" };

    it(`${policy} holds by each of ${Object.keys(named).join(", ")}, and by no other`, async () => {
      assert.notDeepEqual(await reports([]), []);
      for (const [name, value] of Object.entries(named)) {
        assert.deepEqual(await reports([{ ...waiver, [name]: value }]), [], name);
        assert.notDeepEqual(await reports([{ ...waiver, [name]: `x${value}` }]), [], name);
      }
    });
  }

  it("names a violation by everything that the policy's waivers may name", () => {
    const named = Object.entries(VIOLATIONS).map(([policy, { named }]) => [
      policy,
      Object.keys(named).sort(),
    ]);
    // A resource that can't be seen is no violation of an alias: tests/policies/rules/undecided-tls.
    const waivable = Object.entries(WAIVABLE).map(([policy, names]) => [
      policy,
      names.filter((name) => name !== "resource").toSorted(),
    ]);
    assert.deepEqual(Object.fromEntries(named), Object.fromEntries(waivable));
  });

  it("is for a policy of the pack; the others go by settings of their own, or have no exception", () => {
    const others = rules.map(({ metadata }) => metadata.name).filter((name) => !(name in WAIVABLE));
    assert.deepEqual(others, [
      "egress-settings",
      "egress-one-object-one-resource",
      "egress-outside-namespace-injection",
      "egress-unproven-version",
    ]);
    assert.equal(others.length + Object.keys(WAIVABLE).length, rules.length);
  });
});

describe("a waiver for one of two aliases that are undecided alike", () => {
  it("leaves the other in the report", async () => {
    const other = WIKIPEDIA.replaceAll("my-wikipedia", "other");
    const both = rule("r", "*.default.svc.cluster.local", tls("ISTIO_MUTUAL"));
    const stack = stackOf(
      WIKIPEDIA,
      other,
      rule("pool", "*.default.svc.cluster.local", POOL),
      both,
    );
    const policies = (waivers: EgressSettings["waivers"]) =>
      egressPolicies({ waivers }, () => new Date("2026-06-15"));
    const undecided = async (waivers: EgressSettings["waivers"]) =>
      (await preview(policies(waivers), stack, { way: "proxied" }))
        .filter(({ policy }) => policy === "egress-undecided-tls")
        .map(({ message }) => message.split("\n")[0]);
    assert.deepEqual(await undecided([]), ["aliases: default/my-wikipedia and default/other"]);
    const waiver = { ...SOMEONE, policy: "egress-undecided-tls", until: "2026-06-15" };
    assert.deepEqual(await undecided([{ ...waiver, alias: "default/other" }]), [
      "alias: default/my-wikipedia",
    ]);
  });
});
