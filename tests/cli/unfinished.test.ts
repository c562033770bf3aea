import assert from "node:assert/strict";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";

/** A process that waits for work, and what it ends with. */
function waitingFor(work: string) {
  const script = `
    const { untilDone } = require(${JSON.stringify(path.join(REPOSITORY, "cli/unfinished.ts"))});
    void untilDone(${work}, 70).catch(() => (process.exitCode = 5));
  `;
  const args = ["--require", path.join(REPOSITORY, "register.cjs"), "--eval", script];
  return execa(process.execPath, args, { reject: false });
}

describe("a command that is never done", () => {
  it("isn't a success, and says so", async () => {
    const { exitCode, stderr } = await waitingFor("new Promise(() => {})");
    assert.equal(exitCode, 70);
    assert.match(stderr, /^istio-egress: the command ended before it was done/);
  });

  const cases: [what: string, work: string, code: number][] = [
    ["work that is done leaves the exit code", "Promise.resolve((process.exitCode = 3))", 3],
    ["an error goes to whoever waits", "Promise.reject(new Error())", 5],
  ];
  for (const [what, work, code] of cases) {
    it(what, async () => {
      const { exitCode, stderr } = await waitingFor(work);
      assert.deepEqual([exitCode, stderr], [code, ""]);
    });
  }
});
