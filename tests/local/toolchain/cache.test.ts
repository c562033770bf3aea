import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import {
  ToolchainError,
  cacheRoot,
  isBuilt,
  partFolder,
  partKey,
  removeHalfBuilt,
  requireSpace,
} from "../../../local/toolchain/cache.js";
import { PARTS, type ToolPart } from "../../../local/toolchain/parts.js";

describe("the tool cache", () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(path.join(os.tmpdir(), "istio-egress-cache-"))));
  afterEach(() => rmSync(root, { recursive: true }));

  it("lies outside the checkout, where the environment says", () => {
    assert.equal(cacheRoot({ ISTIO_EGRESS_CACHE: "/a" }), "/a");
    assert.equal(cacheRoot({ XDG_CACHE_HOME: "/b" }), "/b/istio-egress");
    assert.equal(cacheRoot({}), path.join(os.homedir(), ".cache/istio-egress"));
  });

  it("gives every part a key of its own", () => {
    const keys = PARTS.map(partKey);
    assert.equal(new Set(keys).size, PARTS.length);
    assert.deepEqual(keys, PARTS.map(partKey));
  });

  it("changes a part's key with whatever its binaries follow from", () => {
    const part = PARTS.find(({ name }) => name === "kwok")!;
    const changed: ToolPart[] = [
      { ...part, binaries: [{ name: "kwok", package: "./other" }] },
      { ...part, variables: { "main.version": "2" } },
      { ...part, module: "local/toolchain/pulumi" },
      { ...part, files: [] },
      { ...part, sources: [{ from: "local/toolchain/pulumi/provider", to: "x" }] },
    ];
    for (const other of changed) assert.notEqual(partKey(other), partKey(part));
    assert.equal(partKey({ ...part, title: "Kwok" }), partKey(part));
  });

  it("refuses a build that the disk has no room for, before anything is written", () => {
    assert.throws(
      () => requireSpace(root, Number.MAX_SAFE_INTEGER),
      (error: Error) => {
        assert.ok(error instanceof ToolchainError);
        assert.match(error.message, /has [\d.]+ GiB free and a first build needs [\d.]+ GiB/);
        assert.match(error.message, /ISTIO_EGRESS_CACHE/);
        return true;
      },
    );
    requireSpace(root, 1);
  });

  it("has a part that is whole, and none of which a file is gone or empty", () => {
    const part = PARTS.find(({ name }) => name === "kwok")!;
    const folder = partFolder(part, root);
    assert.ok(!isBuilt(part, root));
    for (const { to } of part.files ?? []) {
      mkdirSync(path.dirname(path.join(folder, to)), { recursive: true });
      writeFileSync(path.join(folder, to), "kind: Stage");
    }
    assert.ok(!isBuilt(part, root), "without its program");
    const program = path.join(folder, "kwok");
    writeFileSync(program, "", { mode: 0o755 });
    assert.ok(!isBuilt(part, root), "with an empty one");
    writeFileSync(program, "#!/bin/sh");
    assert.ok(isBuilt(part, root));
    rmSync(path.join(folder, part.files![0]!.to));
    assert.ok(!isBuilt(part, root), "without a file that it reads");
  });

  it("throws away what an interrupted build left half-done, and nothing else", () => {
    for (const name of ["kwok-1.partial", "kwok-2"]) {
      mkdirSync(path.join(root, "tools", name), { recursive: true });
      writeFileSync(path.join(root, "tools", name, "kwok"), "half");
    }
    removeHalfBuilt(root);
    assert.equal(existsSync(path.join(root, "tools/kwok-1.partial")), false);
    assert.equal(existsSync(path.join(root, "tools/kwok-2/kwok")), true);
  });
});
