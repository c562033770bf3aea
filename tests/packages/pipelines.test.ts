import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { Forge, GITHUB, GITLAB } from "../stack/forge.js";
import {
  Clones,
  commentStep,
  component,
  git,
  HEADLINES,
  hook,
  judgeStep,
  REPORT,
  REPOSITORIES,
  scriptOf,
} from "./clones.js";

const TOKEN = "the-comment-token";

describe("in other repositories' pipelines", function () {
  this.timeout(240_000);
  let clones: Clones;
  let github: Forge;
  let gitlab: Forge;

  before(async () => {
    clones = await Clones.open();
    github = await Forge.start(GITHUB, TOKEN);
    gitlab = await Forge.start(GITLAB, TOKEN);
  });
  after(() => {
    github?.close();
    gitlab?.close();
    clones?.remove();
  });

  for (const [what, repository] of Object.entries(REPOSITORIES)) {
    const { code, says } = repository;
    it(`GitHub's action ends with ${code} where one is ${what}`, async () => {
      const { clone, base } = await clones.of(repository);
      const summary = path.join(clone, "summary.md");
      const output = path.join(clone, "output");
      writeFileSync(output, "");
      const env = {
        FILES: "deploy/",
        BASE: base,
        RUN: "the run",
        GITHUB_ACTION_PATH: REPOSITORY,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_OUTPUT: output,
      };
      const ending = await clones.run(judgeStep.run!, clone, env);
      assert.equal(ending.code, code, ending.log);
      assert.match(readFileSync(summary, "utf8"), says);
      assert.match(readFileSync(summary, "utf8"), HEADLINES[code]!);
      assert.equal(
        readFileSync(output, "utf8"),
        `report=istio-egress.txt\n${code === 2 ? "" : "sarif=istio-egress.sarif\n"}`,
      );
      assert.equal((await git(clone, "worktree", "list")).stdout.split("\n").length, 1);

      const commenting = {
        FILES: env.FILES,
        REPORT: "istio-egress.txt",
        GITHUB_TOKEN: TOKEN,
        PULL_REQUEST: "7",
        RUN: env.RUN,
      };
      assert.deepEqual(Object.keys(commentStep.env!), Object.keys(commenting));
      const commented = await clones.run(commentStep.run!, clone, {
        ...commenting,
        GITHUB_ACTION_PATH: REPOSITORY,
        GITHUB_API_URL: github.url,
        GITHUB_REPOSITORY: "team/egress",
      });
      assert.equal(commented.code, 0, commented.log);
      // The first of them made it, each later one wrote it anew.
      const bodies = github.robots(7).map(({ body }) => body);
      assert.equal(bodies.length, 1);
      assert.match(bodies[0]!, HEADLINES[code]!);
      assert.match(bodies[0]!, says);
    });

    // The rest is judge-change's, which the action runs as well.
    if (/ /.test(what)) continue;
    it(`GitLab's component ends with ${code} where one is ${what}`, async () => {
      const { clone, base } = await clones.of(repository);
      const env = { FILES: "deploy/", CI_MERGE_REQUEST_DIFF_BASE_SHA: base };
      const ending = await clones.run(scriptOf(component!["istio-egress"]), clone, env);
      assert.equal(ending.code, code, ending.log);
      assert.match(ending.log, says);

      // What the second job gets of the first is its artifact.
      const second = mkdtempSync(path.join(clones.folder, "job-"));
      for (const file of REPORT) {
        const written = path.join(clone, file);
        if (existsSync(written)) cpSync(written, path.join(second, file));
      }
      const job = component!["istio-egress-comment"];
      assert.deepEqual(Object.keys(job.variables), ["GIT_STRATEGY", "FILES", "RUN"]);
      const commented = await clones.run(scriptOf(job), second, {
        FILES: env.FILES,
        RUN: "the run",
        CI_API_V4_URL: gitlab.url,
        CI_MERGE_REQUEST_PROJECT_ID: "42",
        CI_MERGE_REQUEST_IID: "7",
        ISTIO_EGRESS_COMMENT_TOKEN: TOKEN,
      });
      assert.equal(commented.code, 0, commented.log);
      const bodies = gitlab.robots(7).map(({ body }) => body);
      assert.equal(bodies.length, 1);
      assert.match(bodies[0]!, HEADLINES[code]!);
      assert.match(bodies[0]!, says);
    });
  }

  for (const [what, code] of [
    ["clean", 0],
    ["violating", 1],
    ["undecided", 3],
    ["broken", 2],
  ] as const) {
    it(`pre-commit's hook ends with ${code} where one is ${what}`, async () => {
      const { clone } = await clones.of(REPOSITORIES[what]!);
      const ending = await clones.run([hook.entry, ...hook.args].join(" "), clone, {});
      assert.equal(ending.code, code, ending.log);
    });
  }

  it("a base that isn't in the clone is said, and stops", async () => {
    const { clone } = await clones.of(REPOSITORIES.clean!);
    const ending = await clones.run(
      'judge-change "0123456789012345678901234567890123456789" deploy/',
      clone,
      {},
    );
    assert.equal(ending.code, 2, ending.log);
    assert.match(ending.log, /0123456789012345678901234567890123456789/);
  });

  it("what a change does to clients that were right before is told beside its base", async () => {
    const { clone, base } = await clones.of(REPOSITORIES.violating!);
    await clones.run(`judge-change ${base} deploy/`, clone, {});
    const diff = readFileSync(path.join(clone, "istio-egress.diff"), "utf8");
    assert.match(
      diff,
      /^worse +default\/my-wikipedia +elsewhere +443 +new: violation, ISTIO_MUTUAL/m,
    );
    assert.match(diff, /^2 worse, 0 changed, 0 better\.$/m);
  });

  it("nothing is compared where there is no base, as after a push", async () => {
    const { clone } = await clones.of(REPOSITORIES["violating since long"]!);
    assert.equal((await clones.run('judge-change "" deploy/', clone, {})).code, 1);
  });
});
