import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { parse, parseAllDocuments } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { archives, stranger } from "./archives.js";

const read = (file: string) => readFileSync(path.join(REPOSITORY, file), "utf8");
const example = (name: string) => read(`examples/${name}.yaml`);

const RULE = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: everything, namespace: elsewhere }
spec: { host: "*.local", trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
`;

/** A repository of someone else's: what its base holds, what the change makes of it, and how a job ends. */
const REPOSITORIES: Record<string, { base: string; head: string; code: number; says: RegExp }> = {
  clean: { base: example("task"), head: example("task"), code: 0, says: /0 violations/ },
  violating: {
    base: example("task"),
    head: example("task") + RULE,
    code: 1,
    says: /elsewhere\/everything/,
  },
  undecided: { base: example("task"), head: example("unknown-order"), code: 3, says: /undecided/ },
  broken: { base: example("task"), head: "a: [", code: 2, says: /manifests\.yaml/ },
  "violating since long": {
    base: example("violation"),
    head: `# Other work.\n${example("violation")}`,
    code: 0,
    says: /there before, and left out/,
  },
  "mended, of a broken base": {
    base: "a: [",
    head: example("task"),
    code: 0,
    says: /0 violations/,
  },
  "violating, of a broken base": {
    base: "a: [",
    head: example("violation"),
    code: 1,
    says: /violation/,
  },
};

interface Step {
  name: string;
  run?: string;
}

describe("in other repositories' pipelines", function () {
  this.timeout(240_000);
  let folder: string;
  /** Where the packed command and judge-change are. */
  let bin: string;

  before(async () => {
    const { cli } = await archives();
    folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-pipelines-"));
    bin = path.join(await stranger({ "istio-egress-cli": cli }), "node_modules/.bin");
    cpSync(path.join(REPOSITORY, ".ci/judge-change"), path.join(bin, "judge-change"));
    chmodSync(path.join(bin, "judge-change"), 0o755);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const git = (cwd: string, ...args: string[]) =>
    execa("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], { cwd });

  /** A clone with the change in it. */
  const cloneOf = async ({ base, head }: { base: string; head: string }) => {
    const clone = mkdtempSync(path.join(folder, "clone-"));
    const manifests = path.join(clone, "deploy/manifests.yaml");
    mkdirSync(path.dirname(manifests));
    await git(clone, "init", "--quiet");
    const commits: string[] = [];
    for (const text of [base, head]) {
      writeFileSync(manifests, text);
      await git(clone, "add", "--all");
      await git(clone, "commit", "--quiet", "--allow-empty", "--message", "x");
      commits.push((await git(clone, "rev-parse", "HEAD")).stdout);
    }
    return { clone, base: commits[0]! };
  };

  const run = async (script: string, cwd: string, env: Record<string, string>) => {
    const { exitCode, all } = await execa("bash", ["-eo", "pipefail", "-c", script], {
      cwd,
      env: { PATH: `${bin}:${process.env.PATH}`, NO_COLOR: "1", ...env },
      reject: false,
      all: true,
    });
    return { code: exitCode, log: all };
  };

  const action = parse(read("action.yml")) as { runs: { steps: Step[] } };
  const judgeStep = action.runs.steps.find(({ name }) => name === "Judge")!;
  const [, component] = parseAllDocuments(read("templates/judge.yml")).map(
    (document) => document.toJS() as { "istio-egress": { script: string[] } },
  );
  const [hook] = parse(read(".pre-commit-hooks.yaml")) as [{ entry: string; args: string[] }];

  for (const [what, repository] of Object.entries(REPOSITORIES)) {
    const { code, says } = repository;
    it(`GitHub's action ends with ${code} where one is ${what}`, async () => {
      const { clone, base } = await cloneOf(repository);
      const summary = path.join(clone, "summary.md");
      const env = {
        FILES: "deploy/",
        BASE: base,
        GITHUB_ACTION_PATH: REPOSITORY,
        GITHUB_STEP_SUMMARY: summary,
      };
      const ending = await run(judgeStep.run!, clone, env);
      assert.equal(ending.code, code, ending.log);
      assert.match(readFileSync(summary, "utf8"), says);
      assert.equal((await git(clone, "worktree", "list")).stdout.split("\n").length, 1);
    });

    // The rest is judge-change's, which the action runs as well.
    if (/ /.test(what)) continue;
    it(`GitLab's component ends with ${code} where one is ${what}`, async () => {
      const { clone, base } = await cloneOf(repository);
      const script = component!["istio-egress"].script.join("\n");
      const env = { FILES: "deploy/", CI_MERGE_REQUEST_DIFF_BASE_SHA: base };
      const ending = await run(script, clone, env);
      assert.equal(ending.code, code, ending.log);
      assert.match(ending.log, says);
    });
  }

  for (const [what, code] of [
    ["clean", 0],
    ["violating", 1],
    ["undecided", 3],
    ["broken", 2],
  ] as const) {
    it(`pre-commit's hook ends with ${code} where one is ${what}`, async () => {
      const { clone } = await cloneOf(REPOSITORIES[what]!);
      const ending = await run([hook.entry, ...hook.args].join(" "), clone, {});
      assert.equal(ending.code, code, ending.log);
    });
  }

  it("a base that isn't in the clone is said, and stops", async () => {
    const { clone } = await cloneOf(REPOSITORIES.clean!);
    const ending = await run(
      'judge-change "0123456789012345678901234567890123456789" deploy/',
      clone,
      {},
    );
    assert.equal(ending.code, 2, ending.log);
    assert.match(ending.log, /0123456789012345678901234567890123456789/);
  });

  it("nothing is compared where there is no base, as after a push", async () => {
    const { clone } = await cloneOf(REPOSITORIES["violating since long"]!);
    assert.equal((await run('judge-change "" deploy/', clone, {})).code, 1);
  });
});
