import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { parse, parseAllDocuments } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { Forge, GITHUB, GITLAB } from "../stack/forge.js";
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

/** What comments say on top, by how the job ended. */
const HEADLINES: Record<number, RegExp> = {
  0: /^## ✅ Egress TLS: nothing stands in the way/m,
  1: /^## ❌ Egress TLS: this change must not be merged/m,
  2: /^## 💥 Egress TLS: not known/m,
  3: /^## ❓ Egress TLS: not decided/m,
};

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
  env?: Record<string, string>;
}

/** A job of GitLab's component. */
interface Job {
  script: string[];
  variables: Record<string, string>;
}

const TOKEN = "the-comment-token";
const REPORT = ["istio-egress.txt", "istio-egress.diff", "istio-egress.code"];

describe("in other repositories' pipelines", function () {
  this.timeout(240_000);
  let folder: string;
  /** Where the packed command and judge-change are. */
  let bin: string;
  let github: Forge;
  let gitlab: Forge;

  before(async () => {
    const { cli } = await archives();
    folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-pipelines-"));
    bin = path.join(await stranger({ "istio-egress-cli": cli }), "node_modules/.bin");
    for (const name of ["judge-change", "comment-change.mjs"]) {
      cpSync(path.join(REPOSITORY, ".ci", name), path.join(bin, name));
      chmodSync(path.join(bin, name), 0o755);
    }
    github = await Forge.start(GITHUB, TOKEN);
    gitlab = await Forge.start(GITLAB, TOKEN);
  });
  after(() => {
    github?.close();
    gitlab?.close();
    rmSync(folder, { recursive: true, force: true });
  });

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
  const stepOf = (called: string) => action.runs.steps.find(({ name }) => name === called)!;
  const judgeStep = stepOf("Judge");
  const commentStep = stepOf("Comment");
  const [, component] = parseAllDocuments(read("templates/judge.yml")).map(
    (document) => document.toJS() as Record<"istio-egress" | "istio-egress-comment", Job>,
  );
  const scriptOf = ({ script }: Job) => script.join("\n");
  const [hook] = parse(read(".pre-commit-hooks.yaml")) as [{ entry: string; args: string[] }];

  for (const [what, repository] of Object.entries(REPOSITORIES)) {
    const { code, says } = repository;
    it(`GitHub's action ends with ${code} where one is ${what}`, async () => {
      const { clone, base } = await cloneOf(repository);
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
      const ending = await run(judgeStep.run!, clone, env);
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
      const commented = await run(commentStep.run!, clone, {
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
      const { clone, base } = await cloneOf(repository);
      const env = { FILES: "deploy/", CI_MERGE_REQUEST_DIFF_BASE_SHA: base };
      const ending = await run(scriptOf(component!["istio-egress"]), clone, env);
      assert.equal(ending.code, code, ending.log);
      assert.match(ending.log, says);

      // What the second job gets of the first is its artifact.
      const second = mkdtempSync(path.join(folder, "job-"));
      for (const file of REPORT) {
        const written = path.join(clone, file);
        if (existsSync(written)) cpSync(written, path.join(second, file));
      }
      const job = component!["istio-egress-comment"];
      assert.deepEqual(Object.keys(job.variables), ["GIT_STRATEGY", "FILES", "RUN"]);
      const commented = await run(scriptOf(job), second, {
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

  it("what a change does to clients that were right before is told beside its base", async () => {
    const { clone, base } = await cloneOf(REPOSITORIES.violating!);
    await run(`judge-change ${base} deploy/`, clone, {});
    const diff = readFileSync(path.join(clone, "istio-egress.diff"), "utf8");
    assert.match(
      diff,
      /^worse +default\/my-wikipedia +elsewhere +443 +new: violation, ISTIO_MUTUAL/m,
    );
    assert.match(diff, /^2 worse, 0 changed, 0 better\.$/m);
  });

  for (const [what, to] of [
    ["out of the repository", () => path.join(folder, "secret.yaml")],
    ["into .git", () => "../.git/config"],
  ] as const) {
    it(`a link ${what} isn't read`, async () => {
      writeFileSync(path.join(folder, "secret.yaml"), "a-token-of-the-machine");
      const { clone, base } = await cloneOf(REPOSITORIES.clean!);
      symlinkSync(to(), path.join(clone, "deploy/more.yaml"));
      const ending = await run(`judge-change ${base} deploy/`, clone, {});
      assert.equal(ending.code, 2, ending.log);
      assert.match(ending.log, /deploy\/more\.yaml leads (out of the repository|into \.git)/);
      const print = await run("comment-change.mjs print", clone, {});
      assert.match(print.log, HEADLINES[2]!);
      assert.doesNotMatch(ending.log + print.log, /a-token|\[core\]/);
    });
  }

  it("a link in a report's place is written over, not through", async () => {
    const { clone, base } = await cloneOf(REPOSITORIES.clean!);
    const outside = path.join(folder, "profile");
    writeFileSync(outside, "as it was");
    for (const name of [...REPORT, "istio-egress.sarif"]) {
      symlinkSync(outside, path.join(clone, name));
    }
    assert.equal((await run(`judge-change ${base} deploy/`, clone, {})).code, 0);
    assert.equal(readFileSync(outside, "utf8"), "as it was");
    for (const name of REPORT) assert.ok(lstatSync(path.join(clone, name)).isFile(), name);
  });

  it("a file whose name is an option is none", async () => {
    const { clone, base } = await cloneOf(REPOSITORIES.violating!);
    const script = scriptOf(component!["istio-egress"]);
    await run(`judge-change "" deploy/`, clone, {});
    cpSync(path.join(clone, "istio-egress.sarif"), path.join(clone, "--baseline=x.yaml"));
    const env = { FILES: "deploy/ *.yaml", CI_MERGE_REQUEST_DIFF_BASE_SHA: base };
    assert.notEqual((await run(script, clone, env)).code, 0);
  });

  it("nothing is compared where there is no base, as after a push", async () => {
    const { clone } = await cloneOf(REPOSITORIES["violating since long"]!);
    assert.equal((await run('judge-change "" deploy/', clone, {})).code, 1);
  });
});
