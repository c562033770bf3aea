import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { CLEAN, requestTo } from "./changes.js";
import { Forge, GITLAB } from "./forge.js";
import { runJob } from "./gitlabJob.js";
import { itCommentsInOnePlace, MARKER, type Told } from "./oneComment.js";
import { TeamClone, type Variables } from "./teamClone.js";

const TOKEN = "the-token-of-a-project";

/**
 * The scripts of .gitlab-ci.yml, exactly as they are in the file, on the real engine, without a cluster,
 * in clones of a team's repository; and a forge that takes notes. What the scripts call is tried for
 * every kind of change in pullRequest.test.ts.
 */
describe("the pipeline that previews a merge request", function () {
  this.timeout(150_000);
  let team: TeamClone;
  let forge: Forge;
  let secrets: Variables;

  before(async () => {
    forge = await Forge.start(GITLAB, TOKEN);
    team = await TeamClone.make(["staging"]);
    const backend = path.join(team.folder, "backend");
    mkdirSync(backend);
    secrets = { PREVIEW_BACKEND_URL: `file://${backend}`, PREVIEW_PASSPHRASE: "of the team" };
    await team.done("pulumi stack init staging", {
      PULUMI_BACKEND_URL: secrets.PREVIEW_BACKEND_URL,
      PULUMI_CONFIG_PASSPHRASE: secrets.PREVIEW_PASSPHRASE,
    });
  });
  after(() => {
    forge?.close();
    team?.remove();
  });

  /** What GitLab tells every job of a merge request's pipeline. */
  const requestVariables = (iid: number, source = "42"): Variables => ({
    CI_PROJECT_ID: "42",
    CI_MERGE_REQUEST_PROJECT_ID: "42",
    CI_MERGE_REQUEST_SOURCE_PROJECT_ID: source,
    CI_MERGE_REQUEST_IID: String(iid),
    CI_API_V4_URL: forge.url,
    CI_PIPELINE_URL: "https://forge.example/team/egress/-/pipelines/42",
  });

  async function preview(clone: TeamClone, variables: Variables): Promise<Told> {
    const base = await clone.done("git rev-parse HEAD^");
    const ending = await runJob("preview", clone, {
      CI_MERGE_REQUEST_DIFF_BASE_SHA: base.trim(),
      ...variables,
    });
    const file = path.join(clone.clone, "pr-report.md");
    return { ...ending, file, report: existsSync(file) ? readFileSync(file, "utf8") : "" };
  }

  /** What the job that comments does, on another machine, with the report as its artifact. */
  function comment(iid: number, report?: string, token: string | undefined = TOKEN) {
    const workspace = path.join(team.folder, `commenting-on-${iid}`);
    mkdirSync(workspace, { recursive: true });
    if (report !== undefined) copyFileSync(report, path.join(workspace, "pr-report.md"));
    const variables = { ...requestVariables(iid), PREVIEW_COMMENT_TOKEN: token };
    return runJob("comment", team, variables, workspace);
  }

  describe("comments in one place", () => {
    itCommentsInOnePlace(() => ({
      team,
      forge,
      comment,
      preview: (clone, backend) => {
        const replaced = backend && { PREVIEW_BACKEND_URL: backend };
        return preview(clone, { ...requestVariables(7), ...secrets, ...replaced });
      },
    }));
  });

  it("doesn't leave an old comment standing when a pipeline ended before its report", async () => {
    forge.write(11, forge.dialect.robot, `${MARKER}\nAll is well.`);
    const { exitCode, output } = await comment(11);
    assert.equal(exitCode, 0, output);
    const [body, ...more] = forge.robots(11).map(({ body }) => body);
    assert.deepEqual(more, []);
    assert.match(body!, /^<!-- istio-egress:pr-report -->\n## istio-egress: no report\n/);
    assert.match(body!, /forge\.example\/team\/egress\/-\/pipelines\/42/);
  });

  it("says it when the forge refuses the comment, without the token", async () => {
    const { exitCode, output } = await comment(12, undefined, "a-token-that-is-too-old");
    assert.notEqual(exitCode, 0);
    assert.match(output, /GET \/user was answered with 401: .*401 Unauthorized/);
    assert.doesNotMatch(output, /too-old/);
  });

  it("says it when there is no token", async () => {
    const { exitCode, output } = await comment(13, undefined, "");
    assert.notEqual(exitCode, 0);
    assert.match(output, /^There is no PREVIEW_COMMENT_TOKEN; docs\/gitlab\.md .* says/m);
  });

  it("judges a fork's change against the base branch, and drops the secrets that it is given", async () => {
    const fork = await requestTo(team, CLEAN);
    try {
      // Where a runner has cloned it from.
      await fork.done(
        'git clone --quiet --bare . ../origin && git remote add origin "$PWD/../origin"',
      );
      const theirs = { ...requestVariables(14, "43"), ...secrets };
      const { exitCode, output, report } = await preview(fork, {
        ...theirs,
        PREVIEW_BACKEND_URL: "file:///nonexistent/backend",
      });
      assert.equal(exitCode, 0, output + report);
      assert.match(report, /my-wikipedia/);
    } finally {
      fork.remove();
    }
  });
});
