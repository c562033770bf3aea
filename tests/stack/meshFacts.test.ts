import assert from "node:assert/strict";
import path from "node:path";
import { execa } from "execa";
import { seenInState } from "../../cli/posture/seen.js";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { OutsideProgram } from "./outside-program.js";

/** An ExternalName that a rule says ISTIO_MUTUAL for. Only Istio's version tells whether it is followed. */
const PROGRAM = `
declare({ kind: "Service", metadata: { name: "my-httpbin", namespace: "default" },
  spec: { type: "ExternalName", externalName: "httpbin.org", ports: [{ name: "http", port: 80 }] } });
declare({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule",
  metadata: { name: "mutual", namespace: "default" },
  spec: { host: "my-httpbin", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } } });`;

const LIVE = "sidecars would send it Istio's mutual TLS, and every call would fail";
const DECLARED = "a rule declares Istio's mutual TLS for it, though no call follows it yet";

describe("what a stack's catalogue says of the mesh, in a real engine", function () {
  this.timeout(180_000);
  let outside: OutsideProgram;
  const pack = path.join(REPOSITORY, "policies/dist");

  before(async () => {
    await execa("node", ["policies/build.mjs"], { cwd: REPOSITORY });
    outside = await OutsideProgram.open();
  });
  after(() => outside?.close());

  const catalogue = (mesh: Record<string, unknown>) => ({ [CATALOGUE_KEY]: { mesh } });
  /** What a preview by hand reports, without the lines' ends: \`pulumi preview --policy-pack\`. */
  const previewed = async (
    mesh: Record<string, unknown>,
    settings: Record<string, unknown> = {},
  ) => {
    const run = await outside.run({
      program: PROGRAM,
      pack,
      stackConfig: catalogue(mesh),
      config: { "egress-settings": settings },
    });
    assert.notEqual(run.exitCode, 0, run.output);
    return run.policies.map(
      ({ policyName, message }) => `${policyName}: ${message.replaceAll("\n  ", " ")}`,
    );
  };

  for (const [istioVersion, outcome, notes] of [
    [
      "1.20",
      LIVE,
      [/^egress-unproven-version: .*[.]\nless sure: Istio 1\.20 is judged by its source/],
    ],
    ["1.31", DECLARED, []],
  ] as const) {
    it(`reaches the pack by itself: on Istio ${istioVersion}, ${outcome}`, async () => {
      const [report, ...others] = (await previewed({ istioVersion })).sort();
      assert.equal(others.length, notes.length, others.join("\n"));
      notes.forEach((note, index) => assert.match(others[index]!, note));
      assert.match(report ?? "", /^egress-disallow-istio-mutual: /);
      assert.ok(report?.includes(outcome), report);
    });
  }

  it("isn't said otherwise by the pack's own configuration: one message, nothing is judged", async () => {
    const reports = await previewed(
      { istioVersion: "1.20" },
      { mesh: { istioVersion: "1.31" }, clusterCidrs: ["10.0.0.0/8"] },
    );
    assert.equal(reports.length, 1);
    assert.match(
      reports[0]!,
      /^egress-settings: [^]*mesh\.istioVersion: "1\.31" here, "1\.20" by istio-egress:catalogue/,
    );
  });

  it("holds for the posture of what was deployed, which no pack saw", async () => {
    await previewed({ istioVersion: "1.20", clusterDomain: "corp.example" });
    const { engine, project } = outside;
    const on = { engine, project, selecting: () => Promise.resolve(["-s", "dev"]) };
    const { facts } = await seenInState(on, "dev");
    assert.equal(facts.istioVersion, "1.20");
    assert.equal(facts.clusterDomain, "corp.example");
  });
});
