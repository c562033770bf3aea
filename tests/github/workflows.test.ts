import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { PULUMI_VERSION } from "../../local/toolchain/parts.js";

const FOLDER = path.join(__dirname, "../../.github/workflows");

interface Step {
  name?: string;
  if?: string;
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
}
interface Job {
  if?: string;
  needs?: string;
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

/** Goes on after a failure, so that one run tells all there is. */
const AFTER_A_FINDING = { if: "${{ !cancelled() && steps.prepare.outcome == 'success' }}" };

/** What decides whether a job or step of the teams' workflows runs, and with whose secrets. */
const GUARDS: Record<string, { if?: string; needs?: string; environment?: string }> = {
  "audit.yml: audit": { environment: "${{ matrix.stack }}-preview" },
  "audit.yml: audit: The policies hold for the whole cluster": AFTER_A_FINDING,
  "audit.yml: audit: Istio does what the catalogue declares": AFTER_A_FINDING,
  "audit.yml: audit: The servers outside are where and who the catalogue says": AFTER_A_FINDING,
  "deploy-stack.yml: preview": { environment: "${{ inputs.stack }}-preview" },
  "deploy-stack.yml: up": { needs: "preview", environment: "${{ inputs.stack }}" },
  "deploy.yml: staging": {
    if: "${{ github.ref == format('refs/heads/{0}', github.event.repository.default_branch) }}",
  },
  "deploy.yml: prod": { needs: "staging" },
  "preview.yml: preview: Preview every stack": AFTER_A_FINDING,
  "preview.yml: preview: actions/upload-artifact": { if: "${{ !cancelled() }}" },
  "preview.yml: comment": {
    if: "${{ !cancelled() && github.event.pull_request.head.repo.full_name == github.repository }}",
    needs: "preview",
  },
  "release.yml: publish": {
    if: "${{ github.ref_type == 'tag' }}",
    needs: "rehearse",
    environment: "npm",
  },
};

/** Those of a job or a step, if it has any. */
function guardOf(where: string, { if: condition, needs, environment }: Step & Job) {
  const guard = {
    ...(condition && { if: condition }),
    ...(needs && { needs }),
    ...(environment && { environment }),
  };
  return Object.keys(guard).length > 0 ? [[where, guard] as const] : [];
}

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

  it("may only read, but for the job that comments, which runs nothing of the pull request, and the one that publishes", () => {
    const writing = FILES.flatMap((file) => {
      const { permissions, jobs } = workflowOf(file);
      assert.deepEqual(permissions, { contents: "read" }, file);
      return Object.entries(jobs).filter(([, job]) => job.permissions);
    });
    assert.deepEqual(
      writing.map(([name, { permissions }]) => [name, permissions]),
      [
        ["comment", { "pull-requests": "write" }],
        ["publish", { contents: "read", "id-token": "write" }],
      ],
    );
    for (const { uses = "", run = "" } of writing[0]![1].steps!) {
      assert.doesNotMatch(uses, /checkout/);
      assert.doesNotMatch(run, /\b(npm|node|npx|pulumi)\b/);
    }
  });

  it("run each job and step under the conditions that keep it safe and clear", () => {
    const found = FILES.filter((file) => file !== "ci.yml").flatMap((file) =>
      Object.entries(workflowOf(file).jobs).flatMap(([name, job]) => [
        ...guardOf(`${file}: ${name}`, job),
        ...(job.steps ?? []).flatMap((step) =>
          guardOf(`${file}: ${name}: ${step.name ?? step.uses?.split("@")[0]}`, step),
        ),
      ]),
    );
    assert.deepEqual(Object.fromEntries(found), GUARDS);
  });

  it("name no secrets but those for previews where pull requests run, and give a fork none", () => {
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
