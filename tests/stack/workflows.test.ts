import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { ensureToolchain } from "../../local/toolchain/index.js";
import { TeamClone, type Ending, type Variables } from "./teamClone.js";
import { sharedPlane } from "./sharedPlane.js";
import { type Expressions, JobRun } from "./workflow.js";

/** One more address of an alias that the catalogue has. */
const ADDRESS = (file: string) =>
  file.replace("          - 198.35.26.96\n", "          - 198.35.26.96\n          - 192.0.2.9\n");

describe("actionlint", function () {
  this.timeout(60_000);

  it("finds nothing wrong with the workflows", async () => {
    const { binaries } = await ensureToolchain(["actionlint"]);
    const { exitCode, all } = await execa(binaries.actionlint, ["-no-color"], {
      cwd: REPOSITORY,
      reject: false,
      all: true,
    });
    assert.equal(exitCode, 0, all);
  });
});

/**
 * The scripts of the workflows, exactly as they are in the files, on a team's repository with a backend
 * that the team shares, a real engine, and a plane that stands for its cluster. Not run here are
 * `npm ci`, which every run of these tests has behind it, and `verify`, which asks for sidecars that
 * are connected (tests/stack/verify.test.ts has such).
 */
describe("the workflows, on the real engine", function () {
  this.timeout(240_000);
  let team: TeamClone;
  let kubeconfig: string;
  let shared: Variables;
  let secrets: Expressions;

  before(async () => {
    const on = await sharedPlane();
    kubeconfig = on.plane.kubeconfig;
    team = await TeamClone.make(["staging"]);
    const backend = path.join(team.folder, "backend");
    mkdirSync(backend);
    shared = { PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: "of the team" };
    secrets = {
      "inputs.stack": "staging",
      "matrix.stack": "staging",
      "secrets.PULUMI_BACKEND_URL": shared.PULUMI_BACKEND_URL!,
      "secrets.PULUMI_CONFIG_PASSPHRASE": shared.PULUMI_CONFIG_PASSPHRASE!,
      "secrets.KUBECONFIG": readFileSync(kubeconfig, "utf8"),
    };
    await team.done("pulumi stack init staging", shared);
    await team.commit("Keep the stack's salt");
  });

  after(async () => {
    await team?.run("pulumi destroy -s staging --yes --skip-preview", {
      ...shared,
      KUBECONFIG: kubeconfig,
    });
    team?.remove();
  });

  describe("that deploy", () => {
    const preview = () => JobRun.of("deploy-stack.yml", "preview", team, secrets);
    const up = () => JobRun.of("deploy-stack.yml", "up", team, secrets);
    const PREVIEW = ["Prepare Pulumi", "Name the cluster", "Preview"];
    const UP = ["Prepare Pulumi", "Name the cluster", "Up, if it is still what was reviewed"];

    /** What the artifact does: the changes that were reviewed, in the job that makes them. */
    function handOver(): void {
      rmSync(path.join(team.clone, "reviewed"), { recursive: true, force: true });
      mkdirSync(path.join(team.clone, "reviewed"));
      cpSync(path.join(team.clone, "changes.json"), path.join(team.clone, "reviewed/changes.json"));
    }

    it("show what they will do, and do it", async () => {
      const first = preview();
      const previewed = await first.inOrder(...PREVIEW);
      assert.equal(previewed.exitCode, 0, previewed.output);
      assert.match(first.summary, /staging/);
      handOver();
      const upped = await up().inOrder(...UP);
      assert.equal(upped.exitCode, 0, upped.output);
    });

    it("refuse to do other things than were reviewed, and tell which", async () => {
      const previewed = await preview().inOrder(...PREVIEW);
      assert.equal(previewed.exitCode, 0, previewed.output);
      handOver();
      // Meanwhile someone else's change is deployed, from a commit that this one doesn't have.
      const other = { ...shared, KUBECONFIG: kubeconfig };
      team.edit("Pulumi.staging.yaml", ADDRESS);
      await team.done("pulumi up -s staging --policy-pack policies --yes --skip-preview", other);
      await team.done("git checkout --quiet Pulumi.staging.yaml");
      const before = await team.done("pulumi stack export -s staging", other);

      const refused = await up().inOrder(...UP);
      assert.equal(refused.exitCode, 1, refused.output);
      assert.match(refused.output, /^::error::staging isn't what it was .* Nothing was changed/m);
      assert.match(refused.output, /^\+ .*my-wikipedia\.default-ipv4/m);
      assert.equal(await team.done("pulumi stack export -s staging", other), before);
    });

    it("do it when it was reviewed anew", async () => {
      const previewed = await preview().inOrder(...PREVIEW);
      assert.equal(previewed.exitCode, 0, previewed.output);
      handOver();
      const upped = await up().inOrder(...UP);
      assert.equal(upped.exitCode, 0, upped.output);
    });

    it("leave the kubeconfig to its owner alone", async () => {
      const job = up();
      await job.run("Name the cluster");
      assert.match(await team.done(`stat --format=%a ${job.temporary}/kubeconfig`), /^600/);
    });
  });

  describe("that audit", () => {
    const audit = () => JobRun.of("audit.yml", "audit", team, secrets);
    const CHECKS = [
      "Nobody changed what the stack owns",
      "The policies hold for the whole cluster",
    ];

    async function findings(): Promise<Record<string, Ending>> {
      const job = audit();
      await job.run("Name the cluster");
      const endings: Record<string, Ending> = {};
      for (const check of CHECKS) endings[check] = await job.run(check);
      return endings;
    }

    it("find nothing where nobody touched anything", async () => {
      for (const [check, { exitCode, output }] of Object.entries(await findings())) {
        assert.equal(exitCode, 0, `${check}:\n${output}`);
      }
    });
  });
});
