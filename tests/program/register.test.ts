import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const ROOT = path.join(__dirname, "../..");

describe("register.cjs", function () {
  this.timeout(30_000);
  let folder: string;
  const place = (name: string) => path.join(folder, name);
  const kept = () => place("node_modules/.cache/istio-egress/source.ts.json");

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-register-"));
    copyFileSync(path.join(ROOT, "register.cjs"), place("register.cjs"));
    mkdirSync(place("node_modules"));
    symlinkSync(path.join(ROOT, "node_modules/@swc"), place("node_modules/@swc"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function run(source: string): string {
    writeFileSync(place("source.ts"), source);
    const args = ["--require", "./register.cjs", "source.ts"];
    return execFileSync("node", args, { cwd: folder, encoding: "utf8" }).trim();
  }

  it("runs a source, and the same again without swc", () => {
    const source = "const n: number = 1; console.log(n);";
    const first = run(source);
    rmSync(place("node_modules/@swc"));
    mkdirSync(place("node_modules/@swc/core"), { recursive: true });
    copyFileSync(
      path.join(ROOT, "node_modules/@swc/core/package.json"),
      place("node_modules/@swc/core/package.json"),
    );
    assert.equal(run(source), first);
  });

  it("runs what a source says now", () => {
    assert.equal(run("console.log(1 as number)"), "1");
    assert.equal(run("console.log(2 as number)"), "2");
  });

  it("takes nothing damaged", () => {
    run("console.log(1 as number)");
    writeFileSync(kept(), readFileSync(kept(), "utf8").replace("log(1", "log(3"));
    assert.equal(run("console.log(1 as number)"), "1");
    writeFileSync(kept(), "");
    assert.equal(run("console.log(1 as number)"), "1");
  });

  it("goes without its cache where there can't be one", () => {
    // Not even root can make a folder there.
    writeFileSync(place("node_modules/.cache"), "");
    assert.equal(run("console.log(1 as number)"), "1");
  });

  it("leaves no drafts", () => {
    run("console.log(1 as number)");
    assert.deepEqual(readdirSync(path.dirname(kept())), ["source.ts.json"]);
  });

  it("says in stack traces where it was in the source, each time", () => {
    const source = [
      "interface Gone {\n  field: string;\n}\n",
      'function fail(): never { throw new Error("x"); }',
      "try { fail(); } catch (error) { console.log((error as Error).stack); }",
    ].join("\n");
    for (const time of [1, 2]) {
      const [head, first, second] = run(source).split("\n");
      assert.equal(head, "Error: x", `${time}`);
      assert.match(first!, /at fail \(.*\/source\.ts:5:32\)$/);
      assert.match(second!, /at .*\/source\.ts:6:7\)$/);
    }
  });

  it("tells the codes of Node's own errors", () => {
    const source =
      'try { new URL("x"); } catch (error) { console.log((error as Error).stack!.split("\\n")[0]); }';
    assert.equal(run(source), "TypeError [ERR_INVALID_URL]: Invalid URL");
  });
});

describe("a program of Pulumi's under register.cjs", function () {
  this.timeout(30_000);

  function run(script: string): string {
    const args = ["--require", "./register.cjs", "-e", script];
    return execFileSync("node", args, { cwd: ROOT, encoding: "utf8" }).trim();
  }

  it("doesn't load what it never uses", () => {
    const unused = [
      ...["typescript", "@npmcli", "@pulumi.pulumi.automation"],
      ...["@pulumi.kubernetes.(helm|kustomize|yaml)", "zod.v4.locales.de"],
    ].join("|");
    const script =
      'require("@pulumi/pulumi"); require("./components/index.ts");' +
      `console.log(Object.keys(require.cache).filter((file) => /node_modules.(${unused})\\b/.test(file)).length)`;
    assert.equal(run(script), "0");
  });

  it("can still use all of it", () => {
    const script = `
      const { automation } = require("@pulumi/pulumi");
      const { yaml, helm } = require("@pulumi/kubernetes");
      const { locales } = require("zod");
      const found = [automation.LocalWorkspace, yaml.ConfigFile, helm.v3.Release, locales.de];
      const { LocalWorkspace } = { ...automation };
      console.log(...found.map((one) => typeof one), "LocalWorkspace" in automation, typeof LocalWorkspace);`;
    assert.equal(run(script), "function function function function true function");
  });

  it("can still write a function down", () => {
    const script =
      'const { runtime } = require("@pulumi/pulumi");' +
      "runtime.serializeFunction(() => 42).then(({ text }) => console.log(/return 42|=> 42/.test(text)));";
    assert.equal(run(script), "true");
  });
});
