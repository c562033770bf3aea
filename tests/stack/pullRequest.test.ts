import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { CLEAN, requestTo, VIOLATING } from "./changes.js";
import { Forge, GITHUB } from "./forge.js";
import { itCommentsInOnePlace, MARKER, type Told } from "./oneComment.js";
import { type Ending, TeamClone } from "./teamClone.js";
import { type Expressions, JobRun } from "./workflow.js";

const TOKEN = "the-token-of-a-job";
const COMMENTING = "Write the comment, or the one that is there anew";

/**
 * The scripts of preview.yml, exactly as they are in the file, on the real engine, without a cluster,
 * in clones of a team's repository; and a forge that takes comments. Not run here are `npm ci` and
 * `npm run test:unit`, which every run of these tests has behind it.
 */
describe("the workflow that previews a pull request", function () {
  this.timeout(150_000);
  let team: TeamClone;
  let forge: Forge;
  let secrets: Expressions;

  before(async () => {
    forge = await Forge.start(GITHUB, TOKEN);
    team = await TeamClone.make(["staging"]);
    const backend = path.join(team.folder, "backend");
    mkdirSync(backend);
    secrets = {
      "secrets.PREVIEW_BACKEND_URL": `file://${backend}`,
      "secrets.PREVIEW_PASSPHRASE": "of the team",
    };
    await team.done("pulumi stack init staging", {
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: "of the team",
    });
  });
  after(() => {
    forge?.close();
    team?.remove();
  });

  /** What the job that previews does. */
  async function preview(clone: TeamClone, expressions: Expressions): Promise<Told> {
    const job = JobRun.of("preview.yml", "preview", clone, expressions);
    const ending = await job.inOrder("Prepare Pulumi", "Preview every stack");
    const file = path.join(clone.clone, "pr-report.md");
    const report = readFileSync(file, "utf8");
    assert.equal(job.summary, report, "the run's summary is the report");
    return { ...ending, file, report };
  }

  /** What the job that comments does, on another machine, with the report as its artifact. */
  async function comment(number: number, report?: string, token = TOKEN): Promise<Ending> {
    const workspace = path.join(team.folder, `commenting-on-${number}`);
    mkdirSync(workspace, { recursive: true });
    const job = JobRun.of(
      "preview.yml",
      "comment",
      team,
      {
        "github.token": token,
        "github.event.pull_request.number": String(number),
        "github.server_url": "https://forge.example",
        "github.repository": "team/egress",
        "github.run_id": "42",
      },
      workspace,
    );
    if (report !== undefined) copyFileSync(report, path.join(workspace, "pr-report.md"));
    return job.run(COMMENTING, {
      GITHUB_API_URL: forge.url,
      GITHUB_REPOSITORY: "team/egress",
    });
  }

  describe("comments in one place", () => {
    itCommentsInOnePlace(() => ({
      team,
      forge,
      comment,
      preview: (clone, backend) => {
        const replaced = backend && { "secrets.PREVIEW_BACKEND_URL": backend };
        return preview(clone, { ...secrets, ...replaced });
      },
    }));
  });

  it("doesn't leave an old comment standing when a run ended before its report", async () => {
    forge.write(11, "github-actions[bot]", `${MARKER}\nAll is well.`);
    const { exitCode, output } = await comment(11);
    assert.equal(exitCode, 0, output);
    const [body, ...more] = forge.robots(11).map(({ body }) => body);
    assert.deepEqual(more, []);
    assert.match(body!, /^<!-- istio-egress:pr-report -->\n## istio-egress: no report\n/);
    assert.match(body!, /forge\.example\/team\/egress\/actions\/runs\/42/);
  });

  it("says it when the forge refuses the comment, without the token", async () => {
    const { exitCode, output } = await comment(12, undefined, "a-token-that-is-too-old");
    assert.notEqual(exitCode, 0);
    assert.match(output, /Bad credentials/);
    assert.doesNotMatch(output, /too-old/);
  });

  it("distinguishes two pull requests at once", async () => {
    const clones = [await requestTo(team, CLEAN), await requestTo(team, VIOLATING)];
    try {
      const told = await Promise.all(clones.map((clone) => preview(clone, secrets)));
      assert.deepEqual(
        told.map(({ exitCode }) => exitCode),
        [0, 1],
        told.map(({ output }) => output).join("\n"),
      );
      await Promise.all(told.map(({ file }, index) => comment(8 + index, file)));
      assert.deepEqual(
        [8, 9].map((number) => forge.robots(number).map(({ body }) => body)),
        told.map(({ report }) => [report]),
      );
    } finally {
      for (const clone of clones) clone.remove();
    }
  });

  it("judges a fork's change without any secret, against the base branch", async () => {
    const fork = await requestTo(team, CLEAN);
    try {
      const { exitCode, output, report } = await preview(fork, {});
      assert.equal(exitCode, 0, output + report);
      assert.match(report, /my-wikipedia/);
    } finally {
      fork.remove();
    }
  });
});
