import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { meshTools } from "../../cli/embedded.js";
import { ExitCode } from "../../cli/mistake.js";
import { type Engine, openEngine, openStack, pulumi$ } from "../../local/engine.js";
import { startPlane } from "../../local/plane.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { MAIN_PARTS, ensureToolchain } from "../../local/toolchain/index.js";
import { Checkout } from "./checkout.js";
import { untilAtRest } from "./sharedPlane.js";
import { type Snapshot, settledSnapshot, snapshotOf } from "./snapshot.js";

/** A rule beside the stack's own, that adds a subset with Istio's own TLS to Wikipedia. */
const VIOLATION = `
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";

new CustomResource("subset", {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "subset", namespace: "default" },
  spec: {
    host: "my-wikipedia.default.svc.cluster.local",
    subsets: [{ name: "v1", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } }],
  },
});
`;
const RULE = "egress-disallow-istio-mutual";

interface Refusal {
  exitCode: number;
  output: string;
}

describe("a stack that violates the policy, on real parts", function () {
  this.timeout(240_000);

  let checkout: Checkout;
  let engine: Engine;
  let config: string;
  let kubeconfig: string;
  let untouched: Snapshot;

  before(async () => {
    const toolchain = await ensureToolchain(MAIN_PARTS);
    checkout = new Checkout();
    appendFileSync(checkout.file("index.ts"), VIOLATION);
    const options = { stateDir: checkout.planeState, tools: meshTools(toolchain) };
    ({ kubeconfig } = await startPlane(options));
    await untilAtRest(kubeconfig);
    engine = await openEngine(toolchain, checkout.file(".state/engine"), kubeconfig);
    config = await openStack(engine, checkout.folder, "dev");
    untouched = await settledSnapshot(kubeconfig);
  });

  after(() => checkout?.remove());

  const up = (): Promise<Refusal> => checkout.run("up");
  const prReport = (...args: string[]): Promise<Refusal> =>
    checkout.run("pr-report", "--embedded", "-s", "dev", "--out", "pr-report.md", ...args);
  const pulumi = async (args: string[], env: Record<string, string> = {}): Promise<Refusal> => {
    const { exitCode, all } = await pulumi$(
      engine,
      [...args, "-s", "dev", "--config-file", config, "--non-interactive"],
      { cwd: checkout.folder, env: { NO_COLOR: "1", ...env }, reject: false, all: true },
    );
    return { exitCode: exitCode ?? -1, output: String(all) };
  };

  const WAYS: Record<string, () => Promise<Refusal>> = {
    "npm run up": up,
    "npm run pr-report": prReport,
    "pulumi up --policy-pack policies": () => pulumi(["up", "--yes", "--policy-pack", "policies"]),
    "pulumi up, with PULUMI_OPTION_POLICY_PACK": () =>
      pulumi(["up", "--yes"], { PULUMI_OPTION_POLICY_PACK: "policies" }),
  };

  const assertNothingChanged = async () => {
    assert.deepEqual(await snapshotOf(kubeconfig), untouched);
    const { stdout } = await pulumi$(engine, ["stack", "export", "-s", "dev"], {
      cwd: checkout.folder,
    });
    const { deployment } = JSON.parse(String(stdout)) as { deployment: { resources?: unknown[] } };
    assert.deepEqual(deployment.resources ?? [], []);
  };

  for (const [way, take] of Object.entries(WAYS)) {
    it(`is refused by ${way}, and nothing is changed`, async () => {
      const { exitCode, output } = await take();
      assert.notEqual(exitCode, 0, output);
      if (take !== prReport) assert.match(output, new RegExp(`mandatory.*${RULE}`));
      else assert.match(output, /^Forbidden by policy in dev\./m);
      await assertNothingChanged();
    });
  }

  describe("with a pack whose bundle was deleted", () => {
    beforeEach(() => rmSync(checkout.file("policies/dist"), { recursive: true, force: true }));

    for (const [way, take] of Object.entries(WAYS)) {
      it(`isn't let through by ${way}`, async () => {
        const { exitCode, output } = await take();
        assert.notEqual(exitCode, 0, output);
        assert.match(
          output,
          new RegExp(`${RULE}|Forbidden by policy|policy pack .* failed to start`),
        );
        await assertNothingChanged();
      });
    }
  });

  describe("with a pack whose sources are broken", () => {
    before(() => appendFileSync(checkout.file("policies/pack.ts"), "\nthis is no TypeScript (\n"));

    for (const [way, take] of [
      ["npm run up", up],
      ["npm run pr-report", prReport],
    ] as const) {
      it(`isn't let through by ${way}, which says what is wrong`, async () => {
        const { exitCode, output } = await take();
        assert.equal(exitCode, ExitCode.BadInput, output);
        if (take === up)
          assert.match(output, /the policy pack can't be built:[^]*policies\/pack\.ts/);
        else assert.match(output, /^Not known: the preview failed in dev\./m);
        await assertNothingChanged();
      });
    }
  });

  describe("with a bundle that doesn't run", () => {
    before(() => {
      rmSync(checkout.file("policies/dist"), { recursive: true, force: true });
      const bundle = path.join(REPOSITORY, "policies/dist");
      cpSync(bundle, checkout.file("policies/dist"), { recursive: true });
      appendFileSync(checkout.file("policies/dist/index.js"), "\nthis is no JavaScript (\n");
    });

    it("isn't let through by pulumi up --policy-pack policies", async () => {
      const { exitCode, output } = await pulumi(["up", "--yes", "--policy-pack", "policies"]);
      assert.notEqual(exitCode, 0);
      assert.match(output, /policy pack .* failed to start/);
      await assertNothingChanged();
    });
  });

  describe("with a pack in place of ours that lets everything through", () => {
    before(() => {
      mkdirSync(checkout.file("other"));
      writeFileSync(checkout.file("other/PulumiPolicy.yaml"), "runtime: nodejs\nmain: index.js\n");
      writeFileSync(checkout.file("other/package.json"), '{ "name": "other", "version": "1.0.0" }');
      writeFileSync(
        checkout.file("other/index.js"),
        'new (require("@pulumi/policy").PolicyPack)("other", { policies: [] });',
      );
    });

    it("isn't let through by pr-report, which says that nobody has judged it", async () => {
      const { exitCode, output } = await prReport("--policy-pack", "other");
      assert.equal(exitCode, ExitCode.BadInput, output);
      const report = readFileSync(checkout.file("pr-report.md"), "utf8");
      assert.match(report, /the policy pack istio-egress didn't judge the stack/);
      await assertNothingChanged();
    });
  });
});
