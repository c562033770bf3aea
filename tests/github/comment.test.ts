import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { readPipeline } from "../gitlab/pipeline.js";
import { Forge, GITHUB, GITLAB } from "../stack/forge.js";

const TOKEN = "the-comment-token";
const SECRET = "what only this job may read";

interface Workflow {
  jobs: { comment: { steps: { run?: string }[] } };
}

const { steps } = (
  parse(readFileSync(path.join(REPOSITORY, ".github/workflows/preview.yml"), "utf8")) as Workflow
).jobs.comment;

/** The jobs that comment: the script, and what the forge gives it. */
const JOBS = [
  {
    forge: "GitHub",
    dialect: GITHUB,
    script: steps.flatMap(({ run }) => run ?? []).join("\n"),
    environment: (url: string) => ({
      GITHUB_API_URL: url,
      GITHUB_REPOSITORY: "team/egress",
      GITHUB_TOKEN: TOKEN,
      PULL_REQUEST: "7",
      RUN: "the run",
    }),
  },
  {
    forge: "GitLab",
    dialect: GITLAB,
    script: readPipeline().jobs.comment!.script.join("\n"),
    environment: (url: string) => ({
      CI_API_V4_URL: url,
      CI_MERGE_REQUEST_PROJECT_ID: "42",
      CI_MERGE_REQUEST_IID: "7",
      CI_PIPELINE_URL: "the run",
      PREVIEW_COMMENT_TOKEN: TOKEN,
    }),
  },
];

for (const { forge: name, dialect, script, environment } of JOBS) {
  describe(`the job that comments on ${name}`, () => {
    let forge: Forge;
    let folder: string;

    beforeEach(async () => {
      forge = await Forge.start(dialect, TOKEN);
      folder = mkdtempSync(path.join(tmpdir(), "comment-"));
      writeFileSync(path.join(folder, "secret"), SECRET);
      mkdirSync(path.join(folder, "job"));
    });
    afterEach(() => {
      forge.close();
      rmSync(folder, { recursive: true });
    });

    /** What it comments, with something in the report's place. */
    async function comment(leave: (report: string) => void): Promise<string | undefined> {
      const cwd = path.join(folder, "job");
      leave(path.join(cwd, "pr-report.md"));
      const env = { PATH: process.env.PATH ?? "", ...environment(forge.url) };
      await execa("bash", ["-e", "-o", "pipefail", "-c", script], { cwd, env, extendEnv: false });
      return forge.robots(7)[0]?.body;
    }

    it("comments with the report", async () => {
      assert.equal(await comment((report) => writeFileSync(report, "the report")), "the report");
    });

    it("follows no link that is there instead", async () => {
      const body = await comment((report) => symlinkSync(path.join(folder, "secret"), report));
      assert.match(body ?? "", /no report/);
      assert.ok(!body?.includes(SECRET));
    });

    it("says that there is no report where a folder is", async () => {
      assert.match((await comment((report) => mkdirSync(report))) ?? "", /no report/);
    });
  });
}
