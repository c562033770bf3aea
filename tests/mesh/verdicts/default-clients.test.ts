import assert from "node:assert/strict";
import { defaultClients, judge, readMesh, type KubeObject, UNKNOWN } from "../../../mesh/index.js";
import { IM, rule, sidecar, W } from "../objects.js";

const PAYMENTS = { app: "payments" };

function selecting(labels: Record<string, string>): KubeObject[] {
  return [
    ...W,
    sidecar("shop", "default", { egress: [{ hosts: ["./*"] }] }),
    sidecar("shop", "callers", {
      workloadSelector: { labels },
      egress: [{ hosts: ["n/*"] }],
    }),
    rule("shop", "strict", {
      host: "*.local",
      workloadSelector: { matchLabels: PAYMENTS },
      ...IM,
    }),
  ];
}

function labelsIn(namespace: string, objects: KubeObject[]) {
  return defaultClients(readMesh(objects))
    .filter((client) => client.namespace === namespace)
    .map(({ labels }) => labels);
}

describe("the classes of callers", () => {
  it("include workloads with the labels of a Sidecar and of a rule, which no class of one shows", () => {
    const egress = { egress: "yes" };
    const objects = selecting(egress);
    const both = { ...egress, ...PAYMENTS };
    assert.deepEqual(labelsIn("shop", objects), [{}, both, PAYMENTS, egress]);
    const wrong = judge(readMesh(objects)).filter(({ verdict }) => verdict === "violation");
    assert.deepEqual(
      wrong.map(({ client }) => client.labels),
      [both],
    );
  });

  it("include no workload that would have one label twice", () => {
    const objects = selecting({ app: "orders" });
    assert.deepEqual(labelsIn("shop", objects), [{}, { app: "orders" }, PAYMENTS]);
  });
});

describe("gateways among the callers", () => {
  const gateways = (...objects: KubeObject[]) =>
    defaultClients(readMesh([...W, ...objects]))
      .filter(({ gateway }) => gateway)
      .map(({ namespace }) => namespace);

  const gatewayApi = (gatewayClassName: unknown): KubeObject => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "g", namespace: "edge" },
    spec: { gatewayClassName },
  });
  const gatewayClass = (name: string, controllerName: string): KubeObject => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name },
    spec: { controllerName },
  });
  const istioGateway: KubeObject = {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "g", namespace: "shop" },
    spec: { selector: { istio: "ingressgateway" } },
  };
  const annotations = { "inject.istio.io/templates": "sidecar,gateway" };
  const injected: KubeObject = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "g", namespace: "ingress" },
    spec: { template: { metadata: { annotations } } },
  };
  const pod = (args: string[]): KubeObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "g", namespace: "ingress" },
    spec: { containers: [{ name: "istio-proxy", args }] },
  });

  const own = rule("istio-system", "r", { host: "*.local", exportTo: ["."], ...IM });

  const cases: [story: string, objects: KubeObject[], namespaces: string[]][] = [
    ["none where the objects show none", [], []],
    ["one that istiod deploys", [gatewayApi("istio")], ["edge"]],
    ["one whose class isn't known yet", [gatewayApi(UNKNOWN)], ["edge"]],
    ["no waypoint", [gatewayApi("istio-waypoint")], []],
    ["none of another vendor", [gatewayApi("nginx"), gatewayClass("nginx", "nginx.org/c")], []],
    [
      "one of a class of Istio's",
      [gatewayApi("own"), gatewayClass("own", "istio.io/gateway-controller")],
      ["edge"],
    ],
    ["a workload that is injected as one", [injected], ["ingress"]],
    ["a Pod whose proxy runs as one", [pod(["proxy", "router"])], ["ingress"]],
    ["no Pod with a sidecar", [pod(["proxy", "sidecar"])], []],
    ["Istio's own, where a Gateway of Istio's selects one", [istioGateway], ["istio-system"]],
    ["the one that is shown, and no other", [istioGateway, injected], ["ingress"]],
    ["those of the root namespace, where a rule is for it alone", [own], ["istio-system"]],
    [
      "those, where a rule's namespace isn't known",
      [{ ...own, metadata: UNKNOWN }],
      ["istio-system"],
    ],
    [
      "those, where it isn't known whether a rule leaves the root namespace",
      [rule("istio-system", "r", { host: "*.local", exportTo: UNKNOWN, ...IM })],
      ["istio-system"],
    ],
    ["none for a rule that is for everyone", [rule("istio-system", "r", { host: "*.local" })], []],
  ];
  for (const [story, objects, namespaces] of cases) {
    it(`are ${story}`, () => assert.deepEqual(gateways(...objects), namespaces));
  }
});
