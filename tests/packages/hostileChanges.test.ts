import assert from "node:assert/strict";
import { cpSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import {
  Clones,
  component,
  HEADLINES,
  judgeStep,
  REPORT,
  REPOSITORIES,
  RULE,
  scriptOf,
} from "./clones.js";

/** What somebody would put into a change who wants more of the machine that judges it than a verdict. */
describe("a change by somebody who means harm", function () {
  this.timeout(240_000);
  let clones: Clones;

  before(async () => {
    clones = await Clones.open();
  });
  after(() => clones?.remove());

  for (const [what, to] of [
    ["out of the repository", () => path.join(clones.folder, "secret.yaml")],
    ["into .git", () => "../.git/config"],
  ] as const) {
    it(`a link ${what} isn't read`, async () => {
      writeFileSync(path.join(clones.folder, "secret.yaml"), "a-token-of-the-machine");
      const { clone, base } = await clones.of(REPOSITORIES.clean!);
      symlinkSync(to(), path.join(clone, "deploy/more.yaml"));
      const ending = await clones.run(`judge-change ${base} deploy/`, clone, {});
      assert.equal(ending.code, 2, ending.log);
      assert.match(ending.log, /deploy\/more\.yaml leads (out of the repository|into \.git)/);
      const print = await clones.run("comment-change.mjs print", clone, {});
      assert.match(print.log, HEADLINES[2]!);
      assert.doesNotMatch(ending.log + print.log, /a-token|\[core\]/);
    });
  }

  it("a link into a folder from which another leads out isn't read", async () => {
    writeFileSync(path.join(clones.folder, "secret.yaml"), "a-token-of-the-machine");
    const { clone, base } = await clones.of(REPOSITORIES.clean!);
    mkdirSync(path.join(clone, "hidden/below"), { recursive: true });
    symlinkSync("../hidden", path.join(clone, "deploy/more"));
    symlinkSync("..", path.join(clone, "hidden/below/up"));
    symlinkSync(
      path.join(clones.folder, "secret.yaml"),
      path.join(clone, "hidden/below/more.yaml"),
    );
    const ending = await clones.run(`judge-change ${base} deploy/`, clone, {});
    assert.equal(ending.code, 2, ending.log);
    assert.match(ending.log, /hidden\/below\/more\.yaml leads out of the repository/);
    assert.doesNotMatch(ending.log, /a-token/);
  });

  it("several lines of files are all judged", async () => {
    const { clone, base } = await clones.of(REPOSITORIES.violating!);
    mkdirSync(path.join(clone, "empty"));
    cpSync(path.join(REPOSITORY, "examples/task.yaml"), path.join(clone, "empty/task.yaml"));
    const FILES = "empty/\ndeploy/\n";
    const env = { FILES, CI_MERGE_REQUEST_DIFF_BASE_SHA: base, BASE: base };
    assert.equal((await clones.run(scriptOf(component!["istio-egress"]), clone, env)).code, 1);
    const github = { GITHUB_ACTION_PATH: REPOSITORY, GITHUB_STEP_SUMMARY: "/dev/null" };
    const ending = await clones.run(judgeStep.run!, clone, {
      ...env,
      ...github,
      GITHUB_OUTPUT: "/dev/null",
    });
    assert.equal(ending.code, 1, ending.log);
  });

  it("no files at all are said, and stop", async () => {
    const { clone, base } = await clones.of(REPOSITORIES.clean!);
    const ending = await clones.run(`judge-change ${base}`, clone, {});
    assert.equal(ending.code, 2, ending.log);
    assert.match(ending.log, /nothing to judge: name files or folders/);
  });

  it("GitHub takes no commands from what is judged", async () => {
    const name = '"x ##[set-output name=sarif]/etc/passwd"';
    const { clone } = await clones.of({ base: "", head: RULE.replace("everything", name) });
    const { log } = await clones.run(judgeStep.run!, clone, {
      FILES: "deploy/",
      BASE: "",
      GITHUB_ACTION_PATH: REPOSITORY,
      GITHUB_STEP_SUMMARY: "/dev/null",
      GITHUB_OUTPUT: "/dev/null",
    });
    const [, token] = /^::stop-commands::(\S{36})$/m.exec(log)!;
    const [before, after] = [log.indexOf(`::${token}`), log.indexOf(`::${token}::`)];
    const command = log.indexOf("##[set-output");
    assert.ok(before >= 0 && before < command && log.lastIndexOf("##[") < after, log);
  });

  it("a link in a report's place is written over, not through", async () => {
    const { clone, base } = await clones.of(REPOSITORIES.clean!);
    const outside = path.join(clones.folder, "profile");
    writeFileSync(outside, "as it was");
    for (const name of [...REPORT, "istio-egress.sarif"]) {
      symlinkSync(outside, path.join(clone, name));
    }
    assert.equal((await clones.run(`judge-change ${base} deploy/`, clone, {})).code, 0);
    assert.equal(readFileSync(outside, "utf8"), "as it was");
    for (const name of REPORT) assert.ok(lstatSync(path.join(clone, name)).isFile(), name);
  });

  it("a file whose name is an option is none", async () => {
    const { clone, base } = await clones.of(REPOSITORIES.violating!);
    const script = scriptOf(component!["istio-egress"]);
    await clones.run(`judge-change "" deploy/`, clone, {});
    cpSync(path.join(clone, "istio-egress.sarif"), path.join(clone, "--baseline=x.yaml"));
    const env = { FILES: "deploy/ *.yaml", CI_MERGE_REQUEST_DIFF_BASE_SHA: base };
    assert.notEqual((await clones.run(script, clone, env)).code, 0);
  });
});
