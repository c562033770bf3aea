import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { PULUMI_VERSION } from "../../local/toolchain/parts.js";

const FOLDER = path.join(__dirname, "../../.github/workflows");

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
}
interface Job {
  permissions?: Record<string, string>;
  steps?: Step[];
  environment?: string;
}
interface Workflow {
  on: string | Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, Job>;
}

const FILES = readdirSync(FOLDER);
const textOf = (file: string) => readFileSync(path.join(FOLDER, file), "utf8");
const workflowOf = (file: string) => parse(textOf(file)) as Workflow;

/** Every step of every workflow, with where it is. */
const STEPS = FILES.flatMap((file) =>
  Object.entries(workflowOf(file).jobs).flatMap(([job, { steps = [] }]) =>
    steps.map((step) => ({ where: `${file}, job ${job}`, ...step })),
  ),
);

describe("the workflows", () => {
  it("pin each action to a commit, and say which version that is", () => {
    const uses = FILES.flatMap((file) => textOf(file).match(/uses: .*/g) ?? []);
    assert.ok(uses.length > 0);
    const loose = uses.filter(
      (line) =>
        !/^uses: (\.\/[\w./-]+|[\w-]+(?:\/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/.test(line),
    );
    assert.deepEqual(loose, []);
  });

  it("pin an action to the same commit wherever they use it", () => {
    const pins = new Set(STEPS.flatMap(({ uses }) => (uses?.includes("@") ? [uses] : [])));
    const actions = [...pins].map((pin) => pin.split("@")[0]);
    assert.deepEqual(actions, [...new Set(actions)]);
  });

  it("install the Pulumi that everything here is tested with", () => {
    const installs = STEPS.filter(({ uses }) => uses?.startsWith("pulumi/actions@"));
    assert.ok(installs.length > 0);
    for (const step of installs) assert.deepEqual(step.with, { "pulumi-version": PULUMI_VERSION });
  });

  it("leave no credential behind in a checkout", () => {
    const checkouts = STEPS.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    assert.ok(checkouts.length > 0);
    for (const { where, with: given } of checkouts) {
      assert.equal(given?.["persist-credentials"], false, where);
    }
  });

  it("put no expression into a script, where its value would be code", () => {
    const scripts = STEPS.filter(({ run }) => run?.includes("${{"));
    assert.deepEqual(scripts, []);
  });

  it("may only read, but for the one job that comments, which runs nothing of the pull request", () => {
    const writing = FILES.flatMap((file) => {
      const { permissions, jobs } = workflowOf(file);
      assert.deepEqual(permissions, { contents: "read" }, file);
      return Object.entries(jobs).filter(([, job]) => job.permissions);
    });
    assert.deepEqual(
      writing.map(([name, { permissions }]) => [name, permissions]),
      [["comment", { "pull-requests": "write" }]],
    );
    for (const { uses = "", run = "" } of writing[0]![1].steps!) {
      assert.doesNotMatch(uses, /checkout/);
      assert.doesNotMatch(run, /\b(npm|node|npx|pulumi)\b/);
    }
  });

  it("give a fork no secret, and a pull request none that could change anything", () => {
    for (const file of FILES) {
      const { on } = workflowOf(file);
      const events = typeof on === "string" ? [on] : Object.keys(on);
      assert.ok(!events.includes("pull_request_target"), file);
      if (!events.includes("pull_request")) continue;
      const secrets = [...textOf(file).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name!);
      assert.deepEqual(
        secrets.filter((name) => !name.startsWith("PREVIEW_")),
        [],
        file,
      );
    }
  });

  it("change an environment in one job only, which its environment guards", () => {
    const changing = FILES.flatMap((file) =>
      Object.entries(workflowOf(file).jobs).filter(([, { steps = [] }]) =>
        steps.some(({ run }) => /pulumi (up|destroy|refresh|import|state)\b/.test(run ?? "")),
      ),
    );
    assert.deepEqual(
      changing.map(([name, { environment }]) => [name, environment]),
      [["up", "${{ inputs.stack }}"]],
    );
  });
});
