import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { build } from "../../local/toolchain/build-missing.js";
import { REPOSITORY, ToolchainError, partFolder } from "../../local/toolchain/cache.js";
import type { ToolPart } from "../../local/toolchain/parts.js";

const HELLO: ToolPart = {
  name: "hello",
  title: "hello",
  module: "tests/local/fixtures/hello",
  // The name only says where the binary goes; the program is the fixture's.
  binaries: [{ name: "kwok", package: "./hello" }],
  variables: { "main.version": "1.2.3" },
  sources: [{ from: "tests/local/fixtures/hello/main.go", to: "hello/main.go" }],
};

/** Builds the fixture in a process of its own, so that it can be killed. */
function buildInOwnProcess(root: string) {
  const script = `
    const { build } = require("./local/toolchain/build-missing.ts");
    build([${JSON.stringify(HELLO)}], ${JSON.stringify(root)}).catch((e) => {
      console.error(e.message);
      process.exit(1);
    });`;
  return execa("node", ["--require", "./register.cjs", "-e", script], {
    cwd: REPOSITORY,
    env: { ISTIO_EGRESS_KEEP_BUILD: "1" },
    reject: false,
    all: true,
  });
}

describe("building a tool with Go", function () {
  this.timeout(300_000);
  let root: string;
  before(() => (root = mkdtempSync(path.join(os.tmpdir(), "istio-egress-cache-"))));
  after(() => rmSync(root, { recursive: true, force: true }));

  it("survives being killed in the middle: nothing half-built is ever taken for a tool", async () => {
    const running = buildInOwnProcess(root);
    // Long enough for Go to have begun, far too short for it to have finished.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    running.kill("SIGKILL");
    await running;
    assert.equal(existsSync(partFolder(HELLO, root)), false);

    const again = await buildInOwnProcess(root);
    assert.equal(again.exitCode, 0, again.all);
    const { stderr } = await execa(path.join(partFolder(HELLO, root), "kwok"));
    assert.equal(stderr, "hello 1.2.3");
  });

  it("reports a compiler's error once and leaves no tool", async () => {
    process.env.ISTIO_EGRESS_KEEP_BUILD = "1";
    const source = path.join(root, "broken.go");
    writeFileSync(source, "package main\n\nfunc main() { nowhere() }\n");
    const broken: ToolPart = {
      ...HELLO,
      name: "broken",
      sources: [{ from: path.relative(REPOSITORY, source), to: "hello/main.go" }],
    };
    await assert.rejects(build([broken], root), (error: Error) => {
      assert.ok(error instanceof ToolchainError);
      assert.match(error.message, /^go build failed:\n[^]*undefined: nowhere/);
      return true;
    });
    assert.equal(existsSync(partFolder(broken, root)), false);
    delete process.env.ISTIO_EGRESS_KEEP_BUILD;
  });

  it("keeps the binaries and drops what Go downloaded and compiled", async () => {
    const other = { ...HELLO, name: "other" };
    await build([other], root);
    assert.deepEqual(
      readdirSync(path.join(root, "tools")).sort(),
      [HELLO, other].map((part) => path.basename(partFolder(part, root))).sort(),
    );
    assert.equal(existsSync(path.join(root, "build")), false);
  });

  it("says what to do where there is no Go", async () => {
    const PATH = process.env.PATH;
    process.env.PATH = root;
    try {
      await assert.rejects(
        build([{ ...HELLO, name: "another" }], root),
        /Install Go 1\.26 or newer/,
      );
    } finally {
      process.env.PATH = PATH;
    }
  });
});
