import assert from "node:assert/strict";
import { UNKNOWN } from "../../mesh/index.js";
import { kubeType } from "../../policies/tokens.js";

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

  describe("and what the object says of itself", () => {
    const RULE = { apiVersion: "networking.istio.io/v1", kind: "DestinationRule" };
    const own: [string, string, Record<string, unknown>, [string, string, string] | undefined][] = [
      [
        "another kind's token",
        "kubernetes:core/v1:ConfigMap",
        RULE,
        [RULE.apiVersion, RULE.kind, "object"],
      ],
      [
        "a token of no object",
        "kubernetes:made/up:Thing",
        RULE,
        [RULE.apiVersion, RULE.kind, "object"],
      ],
      [
        "another version",
        "kubernetes:networking.istio.io/v1alpha3:DestinationRule",
        RULE,
        [RULE.apiVersion, RULE.kind, "object"],
      ],
      [
        "another package's provider",
        "istio-crds:networking.istio.io/v1:DestinationRule",
        RULE,
        [RULE.apiVersion, RULE.kind, "object"],
      ],
      [
        "a patch's token",
        "kubernetes:networking.istio.io/v1:DestinationRulePatch",
        RULE,
        [RULE.apiVersion, RULE.kind, "patch"],
      ],
      [
        "the token of another kind's patch, which is none of its own",
        "kubernetes:core/v1:ServicePatch",
        RULE,
        [RULE.apiVersion, RULE.kind, "object"],
      ],
      [
        "a list",
        "kubernetes:made/up:Thing",
        { apiVersion: "v1", kind: "ServiceList" },
        ["v1", "Service", "list"],
      ],
      [
        "any list",
        "kubernetes:made/up:Thing",
        { apiVersion: "v1", kind: "List" },
        ["v1", "", "list"],
      ],
      [
        "Pulumi's name of the core group",
        "kubernetes:core/v1:Service",
        { apiVersion: "core/v1", kind: "Service" },
        ["v1", "Service", "object"],
      ],
      [
        "nothing known",
        "kubernetes:core/v1:ServicePatch",
        { apiVersion: UNKNOWN, kind: UNKNOWN },
        ["v1", "Service", "patch"],
      ],
      ["a release's chart", "kubernetes:helm.sh/v3:Release", RULE, undefined],
      ["another cloud's token", "aws:s3/bucket:Bucket", RULE, undefined],
    ];
    for (const [what, token, properties, expected] of own) {
      it(`${what}: ${token}`, () => {
        const [apiVersion, kind, form] = expected ?? [];
        const type = expected && { apiVersion, kind, form };
        assert.deepEqual(kubeType(token, properties), type);
      });
    }
  });
});
