import assert from "node:assert/strict";
import type { AliasCall } from "../../../mesh/upgrade/calls.js";
import { type Effect, effectOf } from "../../../mesh/upgrade/effect.js";

const ALIAS = { kind: "Service", namespace: "n", name: "web" };

function call(more: Partial<AliasCall> = {}): AliasCall {
  return {
    alias: ALIAS,
    target: "198.51.100.1",
    host: "web.n.svc.cluster.local",
    client: { namespace: "n" },
    port: 443,
    subset: "",
    verdict: "ok",
    tls: "PLAIN",
    verifier: "workload",
    carrier: "web.n.svc.cluster.local",
    ...more,
  };
}

type Side = Partial<AliasCall> | undefined;

const NO_CLUSTER = { tls: "no cluster", carrier: undefined } as const;
const SIMPLE = { tls: "SIMPLE", verifier: "sidecar" } as const;
const LIVE = {
  tls: "ISTIO_MUTUAL",
  verifier: "nobody",
  verdict: "violation",
  kind: "live",
} as const;
const DECLARED = { ...NO_CLUSTER, verdict: "violation", kind: "declared" } as const;
const UNKNOWN = { tls: "unknown", verifier: "unknown", verdict: "undecided" } as const;
/** Whether the alias leads outside isn't known, and what is sent is. */
const MAYBE = { ...LIVE, verdict: "undecided", kind: undefined } as const;
const RULE = { kind: "DestinationRule", namespace: "n", name: "r" };

/** Before, after, and what that is: undefined for nothing at all. */
const CASES: [story: string, before: Side, after: Side, effect?: Effect][] = [
  ["the same", {}, {}],
  ["a violation", {}, LIVE, "breaks"],
  ["a violation that comes alive", DECLARED, LIVE, "breaks"],
  ["a rule that is wrong without a cluster", NO_CLUSTER, DECLARED, "breaks"],
  ["a violation that goes", LIVE, {}, "improves"],
  ["a violation whose cluster goes", LIVE, DECLARED, "improves"],
  ["a violation by another rule", LIVE, { ...LIVE, rule: RULE }, "changes"],
  ["a cluster that goes, and sent TLS", SIMPLE, NO_CLUSTER, "breaks"],
  ["a cluster that goes, and sent nothing of its own", {}, NO_CLUSTER, "changes"],
  ["a cluster that comes, and sends TLS", NO_CLUSTER, SIMPLE, "breaks"],
  ["a port that comes, and sends TLS", undefined, SIMPLE, "breaks"],
  ["a port that goes", {}, undefined, "changes"],
  ["TLS that the sidecar starts", {}, SIMPLE, "breaks"],
  ["a certificate check that starts", { ...SIMPLE, verifier: "nobody" }, SIMPLE, "breaks"],
  ["a certificate check that ends", SIMPLE, { ...SIMPLE, verifier: "nobody" }, "breaks"],
  ["AUTO, which is plain outside", {}, { tls: "AUTO" }, "changes"],
  ["another rule that says the same", {}, { rule: RULE }, "changes"],
  ["other servers", { servers: ["198.51.100.1"] }, { servers: ["198.51.100.2"] }, "breaks"],
  ["another carrier", {}, { carrier: "h.org" }, "changes"],
  ["what isn't known before", UNKNOWN, {}, "undecided"],
  ["what isn't known afterwards", {}, UNKNOWN, "undecided"],
  ["what isn't known at all", UNKNOWN, UNKNOWN, "undecided"],
  ["mutual TLS to what may lead outside", {}, MAYBE, "undecided"],
  ["the same to what may lead outside", MAYBE, MAYBE],
];

describe("what an upgrade does to a call", () => {
  for (const [story, before, after, effect] of CASES) {
    it(`takes ${story} for ${effect ?? "nothing"}`, () => {
      const [was, is] = [before, after].map((side) => side && call(side));
      assert.equal(effectOf(was, is), effect);
    });
  }
});
