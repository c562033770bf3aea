import assert from "node:assert/strict";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { OutsideProgram } from "./outside-program.js";

const RULE = "egress-disallow-istio-mutual";
const SECRET_HOST = "shadow.default.svc.cluster.local";

/** An alias by one provider; the rule for it is written below. */
const alias = (name: string, provider: string) => `
new k8s.core.v1.Service("${name}", { metadata: { name: "${name}", namespace: "default" },
  spec: { ports: [{ name: "tls", port: 443 }] } }, { provider: ${provider} });
new k8s.core.v1.Endpoints("${name}", { metadata: { name: "${name}", namespace: "default" },
  subsets: [{ addresses: [{ ip: "198.35.26.96" }], ports: [{ name: "tls", port: 443 }] }] },
  { provider: ${provider} });`;

const rule = (name: string, host: string) => `{
  apiVersion: "networking.istio.io/v1", kind: "DestinationRule",
  metadata: { name: "${name}", namespace: "default" },
  spec: { host: ${host}, trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
}`;

/** Three aliases whose rules are declared in roundabout ways. */
const PROGRAM = `
const { readFileSync } = require("node:fs");
const pulumi = require("@pulumi/pulumi");
const file = process.env.KUBECONFIG;
const byPath = new k8s.Provider("by-path", { kubeconfig: file });
const byContent = new k8s.Provider("by-content", {
  kubeconfig: readFileSync(file, "utf8"), context: "none", clusterIdentifier: undefined });
${alias("apart", "byPath")}
new k8s.apiextensions.CustomResource("apart", ${rule("apart", '"apart"')}, { provider: byContent });
${alias("token", "byPath")}
new pulumi.CustomResource("kubernetes:made/v1:Thing", "token", ${rule("token", '"token"')}, { provider: byPath });
${alias("shadow", "byPath")}
new k8s.apiextensions.CustomResource("shadow", ${rule("shadow", `pulumi.secret("${SECRET_HOST}")`)}, { provider: byPath });
`;

describe("the policy pack in a real engine, given the same things in other words", function () {
  this.timeout(180_000);
  let outside: OutsideProgram;
  const pack = path.join(REPOSITORY, "policies/dist");

  before(async () => {
    await execa("node", ["policies/build.mjs"], { cwd: REPOSITORY });
    outside = await OutsideProgram.open();
  });
  after(() => outside?.close());

  it("knows one cluster under two providers, kinds under any token, and keeps secrets", async () => {
    const run = await outside.run({ program: PROGRAM, pack });
    assert.notEqual(run.exitCode, 0);
    const found = run.policies.filter(({ policyName }) => policyName === RULE);
    assert.deepEqual(found.map(({ resourceUrn }) => resourceUrn?.split("::").at(-1)).sort(), [
      "apart",
      "shadow",
      "token",
    ]);
    assert.ok(!run.output.includes(SECRET_HOST), run.output);
    assert.match(run.output, /host: \[secret\], port 443/);
    // The two providers are known to be one cluster's, not only not known to be two clusters'.
    assert.doesNotMatch(run.output, /cluster: the providers/);
  });

  for (const level of ["advisory", "disabled"]) {
    it(`fails for settings that can't be used where egress-settings is ${level}`, async () => {
      // The engine itself looks at the structure alone.
      const waivers = [{ alias: "default/x", who: "me", why: "y", until: "soon" }];
      const config = {
        "egress-settings": { enforcementLevel: level, waivers },
      };
      const run = await outside.run({ program: alias("apart", "undefined"), pack, config });
      assert.notEqual(run.exitCode, 0, run.output);
      assert.match(run.output, /not judged: egress-disallow-istio-mutual needs settings/);
    });
  }
});
