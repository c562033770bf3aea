import assert from "node:assert/strict";
import { egressPolicies } from "../../../policies/pack.js";
import { type Way, analyzeResources, itBothWays } from "../../harness/index.js";
import { stackOf } from "../stacks.js";

const NAME = "egress-outside-namespace-injection";

async function count(way: Way, stream: string, outsideNamespaces?: string[]): Promise<number> {
  const settings = outsideNamespaces ? { outsideNamespaces } : {};
  const reports = await analyzeResources(egressPolicies(settings), stackOf(stream), { way });
  return reports.filter(({ policy }) => policy === NAME).length;
}

const namespace = (name: string, labels: string) =>
  `{ apiVersion: v1, kind: Namespace, metadata: { name: ${name}, labels: { ${labels} } } }`;

const deployment = (ns: string, labels: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: sleep, namespace: ${ns} }
spec: { template: { metadata: { labels: { ${labels} } } } }
`;

describe(NAME, () => {
  const cases: [string, string, number][] = [
    ["a namespace without labels", namespace("without-istio", ""), 0],
    ["injection switched off", namespace("without-istio", "istio-injection: disabled"), 0],
    ["injection switched on", namespace("without-istio", "istio-injection: enabled"), 1],
    ["a revision", namespace("without-istio", "istio.io/rev: canary"), 1],
    [
      "a revision that istio-injection overrules",
      namespace("without-istio", "istio.io/rev: canary, istio-injection: disabled"),
      0,
    ],
    ["ambient mode", namespace("without-istio", "istio.io/dataplane-mode: ambient"), 1],
    ["another namespace", namespace("default", "istio-injection: enabled"), 0],
    ["a Deployment", deployment("without-istio", "app: sleep"), 0],
    [
      "a Deployment that asks for sidecars",
      deployment("without-istio", 'sidecar.istio.io/inject: "true"'),
      1,
    ],
    ["the same elsewhere", deployment("default", 'sidecar.istio.io/inject: "true"'), 0],
  ];
  for (const [what, stream, expected] of cases) {
    itBothWays(`${expected ? "refuses" : "takes"} ${what}`, async (way) => {
      assert.equal(await count(way, stream), expected);
    });
  }

  itBothWays("knows a patch of the namespace too", async (way) => {
    const [resource] = stackOf(namespace("without-istio", "istio-injection: enabled"));
    const patch = { ...resource!, type: "kubernetes:core/v1:NamespacePatch" };
    const reports = await analyzeResources(egressPolicies(), [patch], { way });
    assert.equal(reports.length, 1);
  });

  itBothWays("goes by the setting outsideNamespaces", async (way) => {
    const injected = namespace("legacy", "istio-injection: enabled");
    assert.equal(await count(way, injected), 0);
    assert.equal(await count(way, injected, ["legacy"]), 1);
  });
});
