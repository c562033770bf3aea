import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ExitCode } from "../../cli/mistake.js";
import { CiJob, WIKIPEDIA, wikipediaRule } from "./ciJob.js";
import { sharedPlane } from "./sharedPlane.js";

const RIGHT = WIKIPEDIA + wikipediaRule("DISABLE");

describe("pr-report in a job, on the real engine", function () {
  this.timeout(180_000);

  let job: CiJob;
  before(async () => (job = await CiJob.open()));
  after(() => job?.close());

  it("reports a broken program, with its own words and no stack trace of ours", async () => {
    // Without a stack, which some versions of Node take two minutes to show (see register.cjs).
    const program = 'throw Object.assign(new Error("no such config"), { stack: undefined });';
    const { exitCode, report, log } = await job.prReport(program);
    assert.equal(exitCode, ExitCode.BadInput, log);
    assert.match(report, /^\*\*Not known: the preview failed in dev\.\*\*$/m);
    assert.match(report, /^no such config$/m);
    assert.doesNotMatch(log, /cli\/pr-report/);
  });

  it("reports a backend that can't be reached", async () => {
    const env = { PULUMI_BACKEND_URL: "file:///nonexistent/backend" };
    const { exitCode, report } = await job.prReport(RIGHT, { env });
    assert.equal(exitCode, ExitCode.BadInput, report);
    assert.match(report, /^\*\*Not known: the preview failed in dev\.\*\*$/m);
    assert.match(report, /\/nonexistent\/backend/);
  });

  it("reports that there is no pulumi", async () => {
    const env = { PATH: path.dirname(process.execPath) };
    const { exitCode, report } = await job.prReport(RIGHT, { env });
    assert.equal(exitCode, ExitCode.BadInput, report);
    assert.match(report, /there is no `pulumi` on the PATH/);
  });

  it("compares with the base branch's posture", async () => {
    const base = path.join(job.outside.folder, "base");
    mkdirSync(base);
    const posture = await job.posture(RIGHT);
    writeFileSync(path.join(base, "dev.json"), JSON.stringify(posture));
    const args = ["--base", base];

    const same = await job.prReport(RIGHT, { args });
    assert.match(same.report, /^\| dev \|.*\| 0 worse, 0 changed, 0 better \|$/m);
    const wrong = await job.prReport(WIKIPEDIA + wikipediaRule("ISTIO_MUTUAL"), { args });
    assert.equal(wrong.exitCode, ExitCode.Violation);
    // The namespace's clients, and any other namespace.
    assert.match(wrong.report, /^\| dev \|.*\| 2 worse, 0 changed, 0 better \|$/m);
    assert.match(
      wrong.report,
      /^\| worse \| default\/my-wikipedia → .* \| default \| 443 \| verdict: ok → violation<br>TLS: PLAIN → ISTIO\\_MUTUAL/m,
    );
  });

  it("says in its verdict on which waivers and disabled rules it rests", async () => {
    const file = path.join(job.outside.folder, "waivers.json");
    const waiver = {
      alias: "default/my-wikipedia",
      who: "team",
      why: "moves",
      until: "9999-12-31",
    };
    const config = { "egress-settings": { waivers: [waiver] }, "egress-inert-rule": "disabled" };
    writeFileSync(file, JSON.stringify(config));
    const args = ["--policy-pack-config", file];
    const wrong = WIKIPEDIA + wikipediaRule("ISTIO_MUTUAL");
    const { exitCode, report } = await job.prReport(wrong, { args });
    assert.equal(exitCode, ExitCode.Ok, report);
    assert.match(
      report,
      /^\*\*Ok in dev\.\*\* It rests on egress-inert-rule disabled \(in dev\); the waiver for alias default\/my-wikipedia \\\(team, until 9999-12-31\\\) \(in dev\)\.$/m,
    );
  });

  describe("about a stack that stands in a cluster", () => {
    let env: Record<string, string>;

    before(async () => {
      const { plane } = await sharedPlane();
      env = { KUBECONFIG: plane.kubeconfig };
      job.outside.write(RIGHT);
      const { exitCode, all } = await job.pulumi(["up", "--yes", "-s", "dev"], env);
      assert.equal(exitCode, 0, all);
    });

    after(async () => {
      const { exitCode, all } = await job.pulumi(["destroy", "--yes", "-s", "dev"], env);
      assert.equal(exitCode, 0, all);
    });

    it("has nothing to say about no change", async () => {
      const { exitCode, report } = await job.prReport(RIGHT, { env });
      assert.equal(exitCode, ExitCode.Ok, report);
      assert.match(
        report,
        /^\| dev \| ✅ ok \| no change \|.*\| 0 worse, 0 changed, 0 better \|$/m,
      );
    });

    it("has nothing to say about no change where the pack's configuration names clients", async () => {
      const file = path.join(job.outside.folder, "clients.json");
      const clients = [{ namespace: "somewhere-else", labels: { app: "web" } }];
      writeFileSync(file, JSON.stringify({ "egress-settings": { clients } }));
      const { report } = await job.prReport(RIGHT, { env, args: ["--policy-pack-config", file] });
      assert.match(report, /somewhere-else:app=web/);
      assert.match(report, /^\| dev \|.*\| 0 worse, 0 changed, 0 better \|$/m);
    });

    const change = RIGHT + wikipediaRule("DISABLE", '"*.example.com"', "more");

    it("says nothing of what isn't known where the cluster answers", async () => {
      const { exitCode, report } = await job.prReport(change, { env });
      assert.equal(exitCode, ExitCode.Ok, report);
      assert.match(report, /^\| create \| DestinationRule \| more-rule \|/m);
      assert.doesNotMatch(report, /couldn't know/);
    });

    it("judges the same without the cluster, and says that it didn't answer", async () => {
      const { exitCode, report } = await job.prReport(change);
      assert.equal(exitCode, ExitCode.Ok, report);
      assert.match(report, /^\| create \| DestinationRule \| more-rule \|/m);
      assert.match(report, /^- No cluster answered: /m);
      const wrong = await job.prReport(WIKIPEDIA + wikipediaRule("ISTIO_MUTUAL"));
      assert.equal(wrong.exitCode, ExitCode.Violation, wrong.report);
      assert.match(wrong.report, /^\| update \| DestinationRule \| my-wikipedia-rule \|/m);
      assert.match(wrong.report, /verdict: ok → violation/);
    });

    it("shows as deployed what the last update left", async () => {
      const { source, rows } = await job.posture("", { args: ["--deployed"] });
      assert.equal(source, "stack dev as deployed");
      assert.deepEqual(
        rows.map(({ alias, client, tls, rule }) => [alias, client, tls, rule]),
        [["default/my-wikipedia", "default", "PLAIN", "default/my-wikipedia"]],
      );
    });
  });
});
