import assert from "node:assert/strict";
import fc from "fast-check";
import { readYaml } from "../../../cli/input/yaml.js";
import type { RuleAdvice } from "../../../mesh/explain/advised.js";
import { adviceYaml } from "../../../mesh/explain/advice-yaml.js";
import { adviseSpec } from "../../../mesh/explain/rule-spec.js";

const RULE: RuleAdvice = {
  ...{ name: "web", namespace: "shop", host: "web.shop.svc.cluster.local", isChange: false },
  ...{ level: "top", port: 0, subset: "" },
};

/** Names that a careless reader takes for something else, or that end a line, a text or a comment. */
const HOSTILE = fc.oneof(
  fc.constantFrom(
    "1e3",
    "2",
    "no",
    "on",
    "0673",
    "4_43",
    "0b1",
    "~",
    "null",
    "2026-11-26",
    ".5",
    "*",
  ),
  fc.constantFrom(
    "a\nkind: Pod",
    "a # b",
    "a: b",
    "- a",
    "{a",
    "[a]",
    "&a",
    "!a",
    "%a",
    '"',
    "'",
    "a\r\nb",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
);

describe("advice as YAML", () => {
  it("says what the mode means, and what to write instead", () => {
    assert.equal(
      adviceYaml({ rule: { ...RULE, exportTo: ["."] } }, "api.example.com"),
      `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: web
  namespace: shop
spec:
  host: "web.shop.svc.cluster.local"
  exportTo: ["."]
  trafficPolicy:
    tls:
      mode: DISABLE # the application speaks for itself
      # mode: SIMPLE # or: the sidecar starts TLS and checks the server
      # sni: api.example.com
      # subjectAltNames: [api.example.com]
`,
    );
  });

  it("stands where the wrong mode does: for a port of a subset", () => {
    const rule: RuleAdvice = { ...RULE, level: "subset-port", port: 443, subset: "2" };
    assert.deepEqual(readYaml(adviceYaml({ rule }, "a.example")), [
      {
        apiVersion: "networking.istio.io/v1",
        kind: "DestinationRule",
        metadata: { name: "web", namespace: "shop" },
        spec: {
          host: RULE.host,
          subsets: [
            {
              name: "2",
              trafficPolicy: {
                portLevelSettings: [{ port: { number: 443 }, tls: { mode: "DISABLE" } }],
              },
            },
          ],
        },
      },
    ]);
  });

  it("gives a rule's fields in the same order, whatever theirs is", () => {
    const changed: RuleAdvice = { ...RULE, isChange: true };
    const trafficPolicy = { tls: { mode: "ISTIO_MUTUAL" } };
    const { host } = changed;
    const [one, other] = [
      { host, workloadSelector: {}, trafficPolicy, subsets: [] },
      { subsets: [], workloadSelector: {}, host, trafficPolicy },
    ].map((from) => {
      const advised = adviseSpec(changed, from, "DISABLE");
      return adviceYaml({ rule: { ...changed, advised: advised! } }, "api.example.com");
    });
    assert.equal(other, one);
  });

  it("keeps every name as it is for whoever applies it, and is itself whatever the names are", () => {
    fc.assert(
      fc.property(HOSTILE, HOSTILE, HOSTILE, HOSTILE, (name, host, subset, server) => {
        const rule: RuleAdvice = { ...RULE, name, host, subset, level: "subset", exportTo: [name] };
        const entry = {
          namespace: name,
          host,
          ports: [{ number: 443, name: subset, protocol: "tls" }],
        };
        const documents = readYaml(adviceYaml({ rule, target: { host, entry } }, server));
        assert.equal(documents.length, 2);
        const [given, written] = documents as { kind: string; metadata: object; spec: object }[];
        assert.deepEqual(given?.spec, {
          ...{ hosts: [host], location: "MESH_EXTERNAL" },
          resolution: host.startsWith("*") ? "NONE" : "DNS",
          ports: [{ number: 443, name: subset, protocol: "TLS" }],
        });
        assert.deepEqual(written, {
          ...{ apiVersion: "networking.istio.io/v1", kind: "DestinationRule" },
          metadata: { name, namespace: "shop" },
          spec: {
            ...{ host, exportTo: [name] },
            subsets: [{ name: subset, trafficPolicy: { tls: { mode: "DISABLE" } } }],
          },
        });
      }),
    );
  });
});
