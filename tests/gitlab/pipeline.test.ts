import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { PULUMI_VERSION } from "../../local/toolchain/parts.js";
import { readPipeline } from "./pipeline.js";

const { workflow, default: common, jobs } = readPipeline();

/** Variables that the repository's settings give to the jobs of one environment alone. */
const SECRETS = /\bPREVIEW_\w+/g;

/** What a linter with GitLab's own schema says of a pipeline. */
async function lint(text: string): Promise<{ exitCode: number; output: string }> {
  // It wants a repository, and writes beside the file.
  const folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-gitlab-"));
  const git = (...args: string[]) => execa("git", args, { cwd: folder });
  try {
    writeFileSync(path.join(folder, ".gitlab-ci.yml"), text);
    await git("init", "--quiet");
    await git("remote", "add", "origin", "git@gitlab.example:team/egress.git");
    const linter = path.join(REPOSITORY, "node_modules/gitlab-ci-local/dist/index.js");
    const unioned = path.join(__dirname, "set-union.mjs");
    const { exitCode, all } = await execa("node", ["--import", unioned, linter, "--list-csv-all"], {
      cwd: folder,
      reject: false,
      all: true,
    });
    return { exitCode: exitCode ?? -1, output: all };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the pipeline for GitLab", () => {
  const text = readFileSync(path.join(REPOSITORY, ".gitlab-ci.yml"), "utf8");

  it("is what GitLab's own schema asks for", async function () {
    this.timeout(60_000);
    const { exitCode, output } = await lint(text);
    assert.equal(exitCode, 0, output);
    assert.match(output, /json schema validated/);
    for (const job of Object.keys(jobs)) assert.match(output, new RegExp(`^${job};`, "m"));
  });

  it("would report a key that GitLab doesn't know", async function () {
    this.timeout(60_000);
    const { exitCode, output } = await lint(text.replace("interruptible:", "interuptible:"));
    assert.notEqual(exitCode, 0, output);
    assert.match(output, /'interuptible' property is not expected to be here at default/);
  });

  it("runs for merge requests alone", () => {
    assert.deepEqual(
      workflow.rules.map((rule) => rule.if),
      ['$CI_PIPELINE_SOURCE == "merge_request_event"'],
    );
  });

  it("runs on the Pulumi that everything here is tested with, by its full version", () => {
    assert.match(common.image, new RegExp(`^pulumi/pulumi-nodejs-\\d+:${PULUMI_VERSION}$`));
    assert.deepEqual(
      Object.values(jobs).filter(({ image }) => image !== undefined),
      [],
    );
  });

  it("has each secret in the job of one environment alone, and none where the tests run", () => {
    const secrets = Object.entries(jobs).flatMap(([name, { environment, script }]) =>
      [...new Set(script.join("\n").match(SECRETS))].map((secret) => [
        name,
        environment?.name,
        environment?.action,
        secret,
      ]),
    );
    assert.deepEqual(secrets, [
      ["preview", "merge-request-preview", "access", "PREVIEW_BACKEND_URL"],
      ["preview", "merge-request-preview", "access", "PREVIEW_PASSPHRASE"],
      ["comment", "merge-request-comment", "access", "PREVIEW_COMMENT_TOKEN"],
    ]);
  });

  it("runs nothing of the merge request where there is a token", () => {
    const { variables, before_script, script, rules } = jobs.comment!;
    assert.equal(variables?.GIT_STRATEGY, "empty");
    assert.equal(before_script, undefined);
    assert.doesNotMatch(script.join("\n"), /\b(npm|npx|pulumi|bash)\b(?!-)/);
    assert.deepEqual(rules, [
      {
        if: "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID",
        when: "always",
      },
    ]);
  });
});
