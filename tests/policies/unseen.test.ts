import assert from "node:assert/strict";
import type { PolicyResource } from "@pulumi/policy";
import { stackClusters } from "../../policies/adapter.js";
import { egressPolicies } from "../../policies/pack.js";
import { isCollection } from "../../policies/unseen.js";
import { itBothWays, kubernetesResource, preview, resource, unknown } from "../harness/index.js";
import { HTTPBIN, objectsOf, stackOf, unwrapped } from "./stacks.js";

const NAMESPACE = stackOf("{ apiVersion: v1, kind: Namespace, metadata: { name: shop } }");
const RULE = {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "r" },
};

const unseen = (...resources: PolicyResource[]) =>
  stackClusters([...NAMESPACE, ...resources]).flatMap((cluster) =>
    cluster.unseen.map(({ name, what }) => `${name}: ${what}`),
  );

/** A custom resource, which has a provider; a component has none. */
const custom = (type: string, props: Record<string, unknown> = {}) =>
  resource({ type, props, name: "it", provider: {} });

describe("what a stack brings that no policy can see", () => {
  const told: [string, PolicyResource, RegExp][] = [
    ["a Helm release", custom("kubernetes:helm.sh/v3:Release", { chart: "nginx" }), /Helm creates/],
    [
      "a collection whose content isn't known",
      resource({ type: "kubernetes:yaml/v2:ConfigGroup", props: { yaml: unknown }, name: "it" }),
      /isn't known yet/,
    ],
    [
      "a manifest of Terraform's provider",
      custom("kubernetes:index/manifest:Manifest"),
      /Another provider/,
    ],
    [
      "a manifest of another one of Terraform's",
      custom("kubectl:index/manifest:Manifest"),
      /Another provider/,
    ],
    ["a local command", custom("command:local:Command", { create: "./deploy.sh" }), /A command/],
    ["a remote command", custom("command:remote:Command"), /A command/],
    ["a dynamic resource", custom("pulumi-nodejs:dynamic:Resource"), /dynamic provider/],
    ["one with a type of its own", custom("pulumi-nodejs:dynamic/apply:Apply"), /dynamic provider/],
    ["one in Python", custom("pulumi-python:dynamic:Resource"), /dynamic provider/],
    [
      "an object among another provider's properties",
      custom("some:index/apply:Apply", { spec: { object: RULE } }),
      /carries objects/,
    ],
    [
      "YAML among another provider's properties",
      custom("some:index/apply:Apply", {
        yaml: "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n",
      }),
      /carries objects/,
    ],
    [
      "JSON among another provider's properties",
      custom("some:index/apply:Apply", { json: JSON.stringify([RULE]) }),
      /carries objects/,
    ],
    [
      "what Argo CD makes of an Application",
      kubernetesResource(
        { apiVersion: "argoproj.io/v1alpha1", kind: "Application", metadata: { name: "a" } },
        { name: "it" },
      ),
      /controller in the cluster/,
    ],
    [
      "what Flux makes of a HelmRelease",
      kubernetesResource(
        { apiVersion: "helm.toolkit.fluxcd.io/v2", kind: "HelmRelease", metadata: { name: "a" } },
        { name: "it" },
      ),
      /controller in the cluster/,
    ],
    [
      "an object of a kind that isn't known",
      resource({
        type: "kubernetes:core/v1:Service",
        props: { kind: unknown, metadata: {} },
        name: "it",
      }),
      /What kind of object/,
    ],
  ];
  for (const [what, one, why] of told) {
    it(`is ${what}`, () => {
      const [first, ...others] = unseen(one);
      assert.match(first ?? "", /^it: /);
      assert.match(first ?? "", why);
      assert.deepEqual(others, []);
    });
  }

  const group = resource({ type: "kubernetes:yaml/v2:ConfigGroup", props: { yaml: "..." } });
  const component = resource({ type: "shop:index:Shop", props: { rule: RULE } });
  const silent: [string, PolicyResource[]][] = [
    [
      "a collection whose children are there",
      [group, kubernetesResource(objectsOf(HTTPBIN)[0]!, { parent: group })],
    ],
    ["a component that hands out its objects", [component]],
    ["other clouds", [custom("aws:s3/bucket:Bucket", { kind: "Service", apiVersion: "2" })]],
    [
      "a kubeconfig",
      [custom("aws:eks/cluster:Cluster", { kubeconfig: "apiVersion: v1\nkind: Config\n" })],
    ],
    [
      "Secrets and ConfigMaps",
      [custom("kubernetes:core/v1:Secret"), custom("kubernetes:core/v1:ConfigMap")],
    ],
  ];
  for (const [what, resources] of silent) {
    it(`isn't ${what}`, () => assert.deepEqual(unseen(...resources), []));
  }

  it("is nobody's concern where the stack has nothing in a cluster", () => {
    assert.deepEqual(stackClusters([custom("command:local:Command")]), []);
  });

  itBothWays("is reported by name, with the reason", async (way) => {
    const stack = [...stackOf(HTTPBIN), custom("command:local:Command", { create: unknown })];
    const reports = await preview(egressPolicies(), stack, { way });
    const [report, ...others] = reports.filter(({ policy }) => policy === "egress-undecided-tls");
    assert.match(unwrapped(report?.message), /^not seen: it\nbecause: A command can change/);
    assert.deepEqual(others, []);
  });

  it("may be in any kind of collection", () => {
    for (const token of [
      "yaml:ConfigFile",
      "yaml:ConfigGroup",
      "yaml/v2:ConfigFile",
      "helm.sh/v4:Chart",
      "kustomize/v2:Directory",
    ]) {
      assert.equal(isCollection(`kubernetes:${token}`), true, token);
    }
    assert.equal(isCollection("kubernetes:helm.sh/v3:Release"), false);
  });
});
