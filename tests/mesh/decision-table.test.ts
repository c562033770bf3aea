import assert from "node:assert/strict";
import {
  clustersOf,
  judge,
  readMesh,
  type Client,
  type KubeObject,
  type MeshFacts,
  type Verdict,
} from "../../mesh/index.js";
import { DECISIONS, type Decision } from "./decisions.js";
import { namespaces } from "./objects.js";

/** Who is asked: a sidecar in each namespace, one labelled app=a, and the root's gateway. */
const CLIENTS: Record<string, Client> = {
  n: { namespace: "n", labels: {} },
  x: { namespace: "x", labels: {} },
  y: { namespace: "y", labels: {} },
  "n app=a": { namespace: "n", labels: { app: "a" } },
  "x app=a": { namespace: "x", labels: { app: "a" } },
  root: { namespace: "istio-system", labels: {}, gateway: true },
  "root sidecar": { namespace: "istio-system", labels: {} },
  "n gateway": { namespace: "n", labels: {}, gateway: true },
};

/** What a client is sent for one host, as `port[/subset] TLS`, or what it isn't. */
function sent(objects: KubeObject[], facts: Partial<MeshFacts>, client: Client, host: string) {
  return clustersOf(readMesh(objects, facts), client)
    .filter((cluster) => cluster.host === host)
    .map(({ port, subset, tls }) => `${port}${subset === "" ? "" : `/${subset}`} ${tls}`);
}

/** The table's last column: the worst verdict of all. */
function violation(verdicts: readonly Verdict[]): Decision["violation"] {
  const bad = verdicts.filter((verdict) => verdict.verdict === "violation");
  if (bad.some((verdict) => verdict.kind === "live")) return "yes";
  if (bad.length > 0) return "yes(d)";
  return verdicts.some((verdict) => verdict.verdict === "undecided") ? "undecided" : "no";
}

describe("the decision table, row by row", () => {
  for (const { row, title, objects, effective, violation: expected, facts } of DECISIONS) {
    describe(`${row}: ${title}`, () => {
      const all = [...objects, ...namespaces("n", "x", "y")];
      for (const [place, clusters] of Object.entries(effective)) {
        const [name = "", host = ""] = place.split(" @ ");
        const client = CLIENTS[name];
        it(`${name} is sent ${clusters.join(", ") || "no cluster"} for ${host}`, () => {
          assert.ok(client, `no such client: ${name}`);
          assert.deepEqual(sent(all, facts ?? {}, client, host), clusters);
        });
      }
      it(`is ${expected === "no" ? "no violation" : `a violation: ${expected}`}`, () => {
        assert.equal(violation(judge(readMesh(all, facts))), expected);
      });
    });
  }
});
