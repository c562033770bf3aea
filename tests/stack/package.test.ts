import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { sharedPlane } from "./sharedPlane.js";
import { TestStack } from "./testStack.js";

describe("the package, in a program outside the repository", function () {
  this.timeout(180_000);
  let folder: string;
  let consumer: string;
  let files: string[];

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-package-"));
    consumer = path.join(folder, "consumer");
    cpSync(path.join(REPOSITORY, "tests/program/consumer"), consumer, { recursive: true });
    // Its dependencies, found one folder up; the package itself as a registry would give it.
    symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(folder, "node_modules"));
    const installed = path.join(consumer, "node_modules/istio-egress");
    mkdirSync(installed, { recursive: true });
    const { stdout } = await execa(
      "npm",
      ["pack", "--json", "--ignore-scripts=false", "--pack-destination", folder],
      { cwd: REPOSITORY },
    );
    const [packed] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [
      { filename: string; files: { path: string }[] },
    ];
    files = packed.files.map((file) => file.path);
    const archive = path.join(folder, packed.filename);
    await execa("tar", ["-xzf", archive, "--strip-components=1", "-C", installed]);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("holds compiled code with its types, and what a person reads first", () => {
    const parts = new Set(files.map((file) => file.replace(/^(dist\/[a-z]+)\/.*/, "$1")));
    assert.deepEqual([...parts].sort(), [
      "README.md",
      "dist/components",
      "dist/mesh",
      "dist/policies",
      "package.json",
    ]);
    assert.deepEqual(
      files.filter((file) => file.startsWith("dist/") && !/\.(js|d\.ts)$/.test(file)),
      [],
    );
  });

  it("tells the program's author its types", async () => {
    const flags = ["--noEmit", "--allowJs", "--strict", "--skipLibCheck", "--target", "es2023"];
    const tsc = path.join(REPOSITORY, "node_modules/.bin/tsc");
    const { stdout } = await execa(tsc, [...flags, "--module", "nodenext", "index.js"], {
      cwd: consumer,
      reject: false,
    });
    assert.equal(stdout, "");
  });

  for (const entry of ["istio-egress/mesh", "istio-egress/policies"]) {
    it(`can be had in part, as ${entry}`, async () => {
      const script = `console.log(Object.keys(require("${entry}")).length > 0)`;
      const { stdout } = await execa("node", ["-e", script], { cwd: consumer });
      assert.equal(stdout, "true");
    });
  }

  it("makes the program's alias and its TLS real, and takes them away again", async () => {
    const stack = await TestStack.open({ on: await sharedPlane(), program: consumer });
    const up = await stack.up({});
    assert.equal(up.exitCode, 0, up.output);
    assert.deepEqual(up.changes, [
      "create DestinationRule rates-rule",
      "create DestinationRule rates-target-rule",
      "create EgressTlsRule rates",
      "create ExternalService rates",
      "create Namespace orders",
      "create Service rates-service",
      "create ServiceEntry rates-serviceentry",
      "create VirtualService rates-virtualservice",
    ]);
    assert.deepEqual(await stack.outputs(), { host: "rates.orders.svc.cluster.local" });
    const destroyed = await stack.destroy();
    assert.equal(destroyed.exitCode, 0, destroyed.output);
  });
});
