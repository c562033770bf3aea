import assert from "node:assert/strict";
import type { PolicyResource } from "@pulumi/policy";
import { type EgressSettings } from "../../../policies/settings.js";
import type { Verdict } from "../../../mesh/index.js";
import type { Judgement } from "../../../policies/judgement.js";
import { egressPolicies } from "../../../policies/pack.js";
import type { Circumstances } from "../../../policies/rule.js";
import { disallowIstioMutual } from "../../../policies/rules/disallow-istio-mutual.js";
import { type Report, type Way, itBothWays, preview, unknown } from "../../harness/index.js";
import { HTTPBIN, WIKIPEDIA, rule, stackOf, tls } from "../stacks.js";

const NAME = "egress-disallow-istio-mutual";

async function violations(
  resources: readonly PolicyResource[],
  way: Way,
  settings: EgressSettings = {},
): Promise<Report[]> {
  const reports = await preview(egressPolicies(settings), resources, { way });
  return reports.filter(({ policy }) => policy === NAME);
}

const HOST = "my-wikipedia.default.svc.cluster.local";
const MUTUAL = tls("ISTIO_MUTUAL");

describe(NAME, () => {
  describe("refuses a rule that sends Istio's mutual TLS to my-wikipedia", () => {
    const cases: Record<string, string> = {
      "by its full name": rule("r", HOST, MUTUAL),
      "by its short name": rule("r", "my-wikipedia", MUTUAL),
      "by a wildcard of its namespace": rule("r", "*.default.svc.cluster.local", MUTUAL),
      "by *.local in a client's namespace": rule("r", "*.local", MUTUAL, { namespace: "shop" }),
      "by * in the root namespace": rule("r", "*", MUTUAL, { namespace: "istio-system" }),
      "for a port": rule(
        "r",
        HOST,
        `trafficPolicy:
  tls: { mode: DISABLE }
  portLevelSettings: [{ port: { number: 443 }, tls: { mode: ISTIO_MUTUAL } }]`,
      ),
      "in a subset that nobody uses": rule(
        "r",
        HOST,
        `trafficPolicy: { tls: { mode: DISABLE } }
subsets: [{ name: v1, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }]`,
      ),
      "for a port of a subset": rule(
        "r",
        HOST,
        `subsets:
  - name: v1
    trafficPolicy:
      tls: { mode: DISABLE }
      portLevelSettings: [{ port: { number: 443 }, tls: { mode: ISTIO_MUTUAL } }]`,
      ),
      "in API version v1beta1": rule("r", HOST, MUTUAL, { version: "v1beta1" }),
      "in API version v1alpha3": rule("r", HOST, MUTUAL, { version: "v1alpha3" }),
    };
    for (const [how, destinationRule] of Object.entries(cases)) {
      itBothWays(how, async (way) => {
        const reports = await violations(stackOf(WIKIPEDIA, destinationRule), way);
        assert.equal(reports.length, 1, JSON.stringify(reports));
        const [{ level, message, urn }] = reports as [Report];
        assert.equal(level, "mandatory");
        assert.match(message, /default\/my-wikipedia \(91\.198\.174\.192, 198\.35\.26\.96\)/);
        assert.match(message, /DestinationRule (default|shop|istio-system)\/r/);
        assert.match(String(urn), /DestinationRule-/);
      });
    }
  });

  describe("stays silent", () => {
    const cases: Record<string, string> = {
      "where nothing is said about TLS": "",
      "where the rule says DISABLE": rule("r", HOST, tls("DISABLE")),
      "where the rule says SIMPLE": rule("r", HOST, tls("SIMPLE")),
      "where a namespace's own rule beats the mesh-wide one": [
        rule("wide", "*.local", MUTUAL, { namespace: "istio-system" }),
        rule("own", HOST, tls("DISABLE")),
      ].join("---"),
      "where the host is a form that matches nothing": rule("r", "my-wikipedia.default", MUTUAL),
    };
    for (const [where, destinationRule] of Object.entries(cases)) {
      itBothWays(where, async (way) => {
        assert.deepEqual(await violations(stackOf(WIKIPEDIA, destinationRule), way), []);
      });
    }
  });

  itBothWays(
    "refuses the declaration on an ExternalName, though no traffic follows it",
    async (way) => {
      const reports = await violations(stackOf(HTTPBIN, rule("r", "my-httpbin", MUTUAL)), way);
      assert.equal(reports.length, 1);
      assert.match(reports[0]!.message, /default\/my-httpbin \(httpbin\.org\)/);
      assert.match(reports[0]!.message, /no\s+call\s+follows/);
    },
  );

  itBothWays("says once what is the same for many clients", async (way) => {
    const namespaces = Array.from(
      { length: 30 },
      (_, index) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: team-${index} }\n`,
    );
    const resources = stackOf(WIKIPEDIA, rule("r", HOST, MUTUAL), namespaces.join("---\n"));
    const reports = await violations(resources, way);
    assert.equal(reports.length, 1);
    assert.match(reports[0]!.message, /every client \(.* more\)/s);
  });

  itBothWays("distinguishes subsets that each say it for themselves", async (way) => {
    const subset = (name: string) => `{ name: ${name}, ${MUTUAL} }`;
    const both = rule("r", HOST, `subsets: [${subset("v1")}, ${subset("v2")}]`);
    const messages = (await violations(stackOf(WIKIPEDIA, both), way)).map(
      ({ message }) => message,
    );
    assert.equal(messages.length, 2);
    for (const [index, name] of ["v1", "v2"].entries()) {
      assert.match(messages[index]!, new RegExp(`port 443 \\(subset ${name}\\)`));
      assert.match(messages[index]!, new RegExp(`in subset ${name} `));
    }
  });

  itBothWays("distinguishes clients that follow different rules", async (way) => {
    const resources = stackOf(
      WIKIPEDIA,
      rule("own", HOST, tls("DISABLE")),
      rule("wide", "*.local", MUTUAL, { namespace: "shop" }),
    );
    const reports = await violations(resources, way);
    assert.equal(reports.length, 1);
    assert.match(reports[0]!.message, /clients: shop$/m);
  });

  itBothWays(
    "thinks of namespaces that a rule is exported to, and the stack doesn't show",
    async (way) => {
      const exported = rule("r", HOST, `exportTo: [partner]\n${MUTUAL}`);
      const [report, ...others] = await violations(stackOf(WIKIPEDIA, exported), way);
      assert.match(report?.message ?? "", /clients: partner$/m);
      assert.deepEqual(others, []);
    },
  );

  itBothWays("thinks of namespaces that nothing in the stack names", async (way) => {
    const resources = stackOf(
      WIKIPEDIA,
      rule("own", HOST, `exportTo: ["."]\n${tls("DISABLE")}`),
      rule("wide", "*.local", MUTUAL, { namespace: "istio-system" }),
    );
    const [report] = await violations(resources, way);
    assert.match(report?.message ?? "", /clients: .*any other namespace$/m);
    assert.doesNotMatch(report?.message ?? "", /clients: .*default/);
  });

  itBothWays("thinks of clients that the settings name", async (way) => {
    const selecting = rule(
      "r",
      HOST,
      `workloadSelector: { matchLabels: { app: web } }\n${MUTUAL}`,
      { namespace: "shop" },
    );
    const [report] = await violations(stackOf(WIKIPEDIA, selecting), way, {
      clients: [{ namespace: "shop", labels: { app: "web", version: "v2" } }],
    });
    assert.match(report?.message ?? "", /app=web version=v2 in shop/);
  });

  itBothWays("goes by the Istio version of the settings", async (way) => {
    const resources = stackOf(HTTPBIN, rule("r", "my-httpbin", MUTUAL));
    const old = await violations(resources, way, { mesh: { istioVersion: "1.20" } });
    assert.match(old[0]?.message ?? "", /every\s+call would fail/);
  });

  itBothWays("an unknown value elsewhere hides nothing", async (way) => {
    const resources = [
      ...stackOf(rule("other", unknown, MUTUAL, { namespace: "elsewhere" })),
      ...stackOf(WIKIPEDIA, rule("r", HOST, MUTUAL)),
    ];
    const reports = await violations(resources, way);
    assert.equal(reports.length, 1);
    assert.match(reports[0]!.message, /DestinationRule default\/r/);
  });

  itBothWays("a host that another stack declares is judged too", async (way) => {
    const resources = stackOf(rule("r", HOST, MUTUAL));
    assert.deepEqual(await violations(resources, way), []);
    assert.equal((await violations(resources, way, { externalHosts: [HOST] })).length, 1);
  });

  itBothWays("every line fits 100 columns once the CLI has indented it", async (way) => {
    const [report] = await violations(stackOf(WIKIPEDIA, rule("r", "*.local", MUTUAL)), way);
    const tooLong = report!.message.split("\n").filter((line) => line.length > 90);
    assert.deepEqual(tooLong, []);
  });
});

describe("what could be wrong and couldn't be tried out", () => {
  const alias = { kind: "Service", namespace: "default", name: "my-wikipedia" };
  const open: Verdict = {
    alias,
    why: "external-address",
    target: "198.35.26.96",
    host: HOST,
    client: { namespace: "default" },
    clientIndex: 0,
    port: 443,
    subset: "",
    verdict: "undecided",
    reason: "too much is open",
  };
  const findingsFor = (verdict: Verdict) => {
    const judgement: Partial<Judgement> = {
      verdicts: [verdict],
      clients: [verdict.client],
      urnOf: () => undefined,
    };
    const circumstances = { isWaived: () => false } as unknown as Circumstances;
    return disallowIstioMutual.checkStack?.(judgement as Judgement, circumstances) ?? [];
  };

  it("fails the preview by default, in words that say so", () => {
    assert.equal(disallowIstioMutual.metadata.enforcementLevel, "mandatory");
    const [found] = findingsFor(open);
    assert.match(found?.message ?? "", /it couldn't be tried whether it is safe/);
    assert.match(found?.message ?? "", /too much is open/);
  });

  it("is left to the rule for what is undecided where two witnesses say why", () => {
    const witness = { values: [], oldestFirst: [] };
    const witnesses = [
      { ...witness, verdict: "ok" as const },
      { ...witness, verdict: "violation" as const },
    ];
    assert.deepEqual(findingsFor({ ...open, witnesses }), []);
  });
});
