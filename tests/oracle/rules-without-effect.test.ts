import assert from "node:assert/strict";
import { inertRules, readMesh, shadowedRules } from "../../mesh/index.js";
import { compareRulesWithoutEffect } from "./rules-without-effect.js";
import type { Outbound, Question } from "./question.js";

const HOST = "w.n.svc.cluster.local";

function rule(namespace: string, name: string, spec: object) {
  const metadata = { name, namespace, creationTimestamp: "2026-01-01T00:00:00Z" };
  return { apiVersion: "networking.istio.io/v1", kind: "DestinationRule", metadata, spec };
}

const tls = (mode: string) => ({ tls: { mode } });

/** An alias with a rule beside it, and a client whose own namespace has another one. */
const question: Question = {
  id: "",
  mesh: {},
  clients: [{ namespace: "x" }],
  objects: [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "w", namespace: "n" },
      spec: { ports: [{ name: "tls", port: 443 }] },
    },
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "w", namespace: "n" },
      subsets: [{ addresses: [{ ip: "203.0.113.7" }], ports: [{ name: "tls", port: 443 }] }],
    },
    rule("n", "beside", { host: HOST, trafficPolicy: tls("DISABLE") }),
    rule("x", "followed", { host: HOST, trafficPolicy: tls("SIMPLE") }),
    rule("x", "elsewhere", {
      host: "other.x.svc.cluster.local",
      trafficPolicy: { portLevelSettings: [{ port: { number: 1 }, ...tls("SIMPLE") }] },
    }),
  ],
};

const mesh = readMesh(question.objects);
const cluster: Outbound = { host: HOST, port: 443, subset: "", tls: "SIMPLE", rule: "x/followed" };

function differences(...clusters: Outbound[]): string[] {
  return compareRulesWithoutEffect(mesh, question, [clusters]).map(
    ({ model, istiod }) => `${model}; ${istiod}`,
  );
}

describe("the comparison of rules without effect", () => {
  it("has something to compare", () => {
    const clients = [{ namespace: "x", labels: {} }];
    assert.deepEqual(
      inertRules(mesh, clients).map(({ rule }) => rule.name),
      ["beside"],
    );
    assert.deepEqual(
      shadowedRules(mesh, clients).map(({ rule }) => rule.name),
      ["beside"],
    );
  });

  it("has nothing to say where istiod names the rule that is followed", () => {
    assert.deepEqual(differences(cluster), []);
  });

  it("sees a rule that istiod names and the model calls inert and hidden", () => {
    assert.deepEqual(differences({ ...cluster, tls: "PLAIN", rule: "n/beside" }), [
      "n/beside is inert: shadowed; PLAIN by n/beside",
      "n/beside is hidden; PLAIN by n/beside",
      "x/followed isn't inert; always by n/beside, never by x/followed",
    ]);
  });

  it("can't report a rule that no cluster could name", () => {
    assert.deepEqual(differences({ ...cluster, rule: undefined }), []);
    assert.deepEqual(differences(), []);
  });
});
