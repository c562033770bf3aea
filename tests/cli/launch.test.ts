import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { REPOSITORY } from "./command.js";

/** A clone in small: the real launcher, and a package that needs one package of its own folder. */
function clone(folder: string): void {
  const write = (file: string, content: unknown) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(path.join(folder, file), text);
  };
  mkdirSync(path.join(folder, "cli"));
  copyFileSync(path.join(REPOSITORY, "cli/launch.cjs"), path.join(folder, "cli/launch.cjs"));
  write("register.cjs", 'require.extensions[".ts"] = require.extensions[".js"];');
  write("cli/main.ts", 'console.log(require("needed"), process.argv.slice(2).join(" "));');
  write("needed/package.json", { name: "needed", version: "1.0.0" });
  write("needed/index.js", 'module.exports = "ran with";');
  const dependencies = { needed: "file:needed" };
  write("package.json", { name: "clone", version: "1.0.0", dependencies });
  write("package-lock.json", {
    name: "clone",
    version: "1.0.0",
    lockfileVersion: 3,
    packages: {
      "": { name: "clone", version: "1.0.0", dependencies },
      needed: { version: "1.0.0" },
      "node_modules/needed": { resolved: "needed", link: true },
    },
  });
}

function launch(folder: string, environment: NodeJS.ProcessEnv = {}) {
  const launcher = path.join(folder, "cli/launch.cjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, "judge", "-"], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  return { status, stdout, isInstalling: stderr.includes("installing the packages"), stderr };
}

describe("the launcher", function () {
  this.timeout(30_000);
  let folder: string;
  before(() => clone((folder = mkdtempSync(path.join(tmpdir(), "istio-egress-clone-")))));
  after(() => rmSync(folder, { recursive: true }));

  it("installs what package-lock.json names before it runs on a fresh clone, and says so", () => {
    const { status, stdout, isInstalling, stderr } = launch(folder);
    assert.equal(stdout, "ran with judge -\n", stderr);
    assert.ok(isInstalling);
    assert.equal(status, 0);
  });

  it("installs nothing the next time", () => {
    const { stdout, isInstalling } = launch(folder);
    assert.equal(stdout, "ran with judge -\n");
    assert.ok(!isInstalling);
  });

  it("installs again when package-lock.json has changed", () => {
    const lock = path.join(folder, "package-lock.json");
    const manifest = path.join(folder, "needed/package.json");
    writeFileSync(manifest, JSON.stringify({ name: "needed", version: "1.0.1" }));
    spawnSync("sed", ["-i", 's/"needed":{"version":"1.0.0"}/"needed":{"version":"1.0.1"}/', lock]);
    assert.ok(launch(folder).isInstalling);
    assert.ok(!launch(folder).isInstalling);
  });

  it("says that a folder whose name has a backslash is none to start from", () => {
    const other = mkdtempSync(path.join(tmpdir(), "istio-egress-a\\b-"));
    clone(other);
    const { status, stdout, stderr } = launch(other);
    assert.match(
      stderr,
      /^istio-egress: .*a\\b-\S+: Node loads no ES modules from .* rename or move /,
    );
    assert.equal(stderr.trim().split("\n").length, 1);
    assert.deepEqual([status, stdout], [2, ""]);
    rmSync(other, { recursive: true });
  });

  it("says what is missing where there is no npm, and runs nothing", () => {
    rmSync(path.join(folder, "node_modules"), { recursive: true });
    const { status, stdout, stderr } = launch(folder, { PATH: "/nonexistent" });
    assert.match(stderr, /istio-egress: npm can't be started: /);
    assert.doesNotMatch(stderr, /^\s+at /m);
    assert.equal(stdout, "");
    assert.equal(status, 2);
  });
});

describe("the command line", function () {
  this.timeout(20_000);

  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["cli/launch.cjs", ...args], { cwd: REPOSITORY, encoding: "utf8" });

  it("has a help with every subcommand, and examples, in 100 columns", () => {
    const { status, stdout } = run("--help");
    for (const name of [
      "up",
      "down",
      "verify",
      "judge",
      "posture",
      "upgrade",
      "pr-report",
      "test",
      "oracle",
    ]) {
      assert.match(stdout, new RegExp(`^  ${name} +\\w`, "m"));
    }
    assert.match(stdout, /^Examples:$/m);
    assert.equal(status, 0);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
  });

  for (const name of [
    "up",
    "down",
    "verify",
    "judge",
    "posture",
    "upgrade",
    "import",
    "drift",
    "pr-report",
    "test",
  ]) {
    it(`has a help for ${name}, in 100 columns`, () => {
      const { status, stdout } = run(name, "--help");
      assert.ok(stdout.startsWith(`Usage: istio-egress ${name} `), stdout);
      assert.equal(status, 0);
      for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
    });
  }

  it("gives the same help by the other word", () => {
    assert.equal(run("help", "judge").stdout, run("judge", "--help").stdout);
  });

  it("refuses a subcommand that there isn't, with exit 2", () => {
    const { status, stderr } = run("juge");
    assert.match(stderr, /unknown command 'juge'\n\(Did you mean judge\?\)/);
    assert.equal(status, 2);
  });

  it("ends quietly when its reader has seen enough", () => {
    const script = "node cli/launch.cjs judge --help | head -1";
    const { stdout, stderr } = spawnSync("sh", ["-c", script], {
      cwd: REPOSITORY,
      encoding: "utf8",
    });
    assert.match(stdout, /^Usage: /);
    assert.equal(stderr, "");
  });
});
