import assert from "node:assert/strict";
import { Progress } from "../../../local/toolchain/progress.js";
import type { ToolPart } from "../../../local/toolchain/parts.js";

const part = (name: string, module: string): ToolPart => ({
  name,
  title: name,
  module,
  binaries: [],
});

describe("what a build says of its progress", () => {
  const server = part("server", "one");
  const client = part("client", "one");
  const linter = part("linter", "two");
  const [large, small, other] = [
    { path: "a/large", size: 600, isNamed: true },
    { path: "a/small", size: 200, isNamed: true },
    { path: "b", size: 200, isNamed: true },
  ];

  it("judges the time left by how much of the source is compiled", () => {
    const progress = new Progress(3);
    const begun = Date.now();
    const after = (seconds: number) => progress.title(begun + seconds * 1000);
    progress.expect([server, client], [large, small]);
    progress.expect([linter], [other]);
    assert.equal(after(4), "Build 3 tools: 0 %, 4 s so far");
    progress.compiled(large);
    assert.equal(after(120), "Build 3 tools: 60 %, 2 min so far, about 80 s left");
    // What an interrupted build left compiled isn't told again; the module's end counts it.
    progress.finish([server, client]);
    assert.equal(after(160), "Build 3 tools: 80 %, 3 min so far, about 40 s left");
    progress.compiled(other);
    progress.finish([linter]);
    assert.equal(after(200), "Build 3 tools: all done in 3 min");
  });
});
