import assert from "node:assert/strict";
import { egressPolicies } from "../../../policies/pack.js";
import { type Way, itBothWays, preview } from "../../harness/index.js";
import { stackOf } from "../stacks.js";
import { INJECTIONS, labelsIn } from "./injection.js";

const NAME = "egress-outside-namespace-injection";

async function count(way: Way, stream: string, outsideNamespaces?: string[]): Promise<number> {
  const settings = outsideNamespaces ? { outsideNamespaces } : {};
  const reports = await preview(egressPolicies(settings), stackOf(stream), { way });
  return reports.filter(({ policy }) => policy === NAME).length;
}

const labels = (given: Record<string, string>) => JSON.stringify(given).slice(1, -1);

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
    ["a Deployment of a revision", deployment("without-istio", "istio.io/rev: canary"), 1],
    [
      "a Deployment in ambient mode",
      deployment("without-istio", "istio.io/dataplane-mode: ambient"),
      1,
    ],
    ["the same elsewhere", deployment("default", 'sidecar.istio.io/inject: "true"'), 0],
  ];
  for (const [what, stream, expected] of cases) {
    itBothWays(`${expected ? "refuses" : "takes"} ${what}`, async (way) => {
      assert.equal(await count(way, stream), expected);
    });
  }

  for (const injection of INJECTIONS) {
    const { namespace: onNamespace, pod, injected } = injection;
    itBothWays(`${injected ? "refuses" : "takes"} ${labelsIn(injection)}`, async (way) => {
      const stack = [
        namespace("without-istio", labels(onNamespace)),
        deployment("without-istio", labels(pod)),
      ];
      assert.equal(await count(way, stack.join("\n---\n")), injected ? 1 : 0);
    });
  }

  itBothWays("knows a patch of the namespace too", async (way) => {
    const [resource] = stackOf(namespace("without-istio", "istio-injection: enabled"));
    const patch = { ...resource!, type: "kubernetes:core/v1:NamespacePatch" };
    const reports = await preview(egressPolicies(), [patch], { way });
    assert.equal(reports.length, 1);
  });

  itBothWays("goes by the setting outsideNamespaces", async (way) => {
    const injected = namespace("legacy", "istio-injection: enabled");
    assert.equal(await count(way, injected), 0);
    assert.equal(await count(way, injected, ["legacy"]), 1);
  });
});
