import assert from "node:assert/strict";
import { isCollection, isHelmRelease, kubeType } from "../../policies/tokens.js";

describe("Pulumi's type tokens", () => {
  const objects: [string, string, string, string][] = [
    ["kubernetes:core/v1:Service", "v1", "Service", "object"],
    ["kubernetes:core/v1:ServicePatch", "v1", "Service", "patch"],
    ["kubernetes:core/v1:ServiceList", "v1", "Service", "list"],
    ["kubernetes:core/v1:Endpoints", "v1", "Endpoints", "object"],
    ["kubernetes:core/v1:EndpointsList", "v1", "Endpoints", "list"],
    [
      "kubernetes:discovery.k8s.io/v1beta1:EndpointSlice",
      "discovery.k8s.io/v1beta1",
      "EndpointSlice",
      "object",
    ],
    [
      "kubernetes:networking.istio.io/v1:DestinationRule",
      "networking.istio.io/v1",
      "DestinationRule",
      "object",
    ],
    [
      "kubernetes:networking.istio.io/v1beta1:DestinationRulePatch",
      "networking.istio.io/v1beta1",
      "DestinationRule",
      "patch",
    ],
    [
      "kubernetes:networking.istio.io/v1alpha3:DestinationRuleList",
      "networking.istio.io/v1alpha3",
      "DestinationRule",
      "list",
    ],
    [
      "kubernetes:gateway.networking.k8s.io/v1:Gateway",
      "gateway.networking.k8s.io/v1",
      "Gateway",
      "object",
    ],
  ];
  for (const [token, apiVersion, kind, form] of objects) {
    it(`reads ${token}`, () => assert.deepEqual(kubeType(token), { apiVersion, kind, form }));
  }

  for (const token of [
    "pulumi:pulumi:Stack",
    "pulumi:providers:kubernetes",
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:yaml/v2:ConfigGroup",
    "kubernetes:kustomize/v2:Directory",
    "aws:s3/bucket:Bucket",
    "istio-egress:services:ExternalService",
    "kubernetesx:Deployment",
  ]) {
    it(`takes ${token} for no object`, () => assert.equal(kubeType(token), undefined));
  }

  it("knows releases, whose objects nobody sees, from collections, whose children are seen", () => {
    assert.equal(isHelmRelease("kubernetes:helm.sh/v3:Release"), true);
    assert.equal(isHelmRelease("kubernetes:helm.sh/v4:Chart"), false);
    for (const token of [
      "yaml:ConfigFile",
      "yaml:ConfigGroup",
      "yaml/v2:ConfigFile",
      "helm.sh/v4:Chart",
      "kustomize/v2:Directory",
    ]) {
      assert.equal(isCollection(`kubernetes:${token}`), true, token);
    }
  });
});
