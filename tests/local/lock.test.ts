import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../local/lock.js";
import { Mistake } from "../../local/mistake.js";

describe("the lock of a plane", () => {
  const folder = mkdtempSync(join(tmpdir(), "istio-egress-lock-"));
  const file = join(folder, "plane.lock");
  after(() => rmSync(folder, { recursive: true }));
  afterEach(() => assert.deepEqual(readdirSync(folder), []));

  it("lets one work at a time, and all in the end", async () => {
    let inside = 0;
    const results = await Promise.all(
      [1, 2, 3].map((number) =>
        withLock(file, async () => {
          assert.equal(++inside, 1);
          await sleep(20);
          inside--;
          return number;
        }),
      ),
    );
    assert.deepEqual(results, [1, 2, 3]);
  });

  it("is given back when the work fails", async () => {
    await assert.rejects(
      withLock(file, () => Promise.reject(new Error("work failed"))),
      /work/,
    );
    assert.ok(!existsSync(file));
  });

  it("is taken over from a process that has died", async () => {
    const child = spawn("true");
    await once(child, "exit");
    writeFileSync(file, JSON.stringify({ pid: child.pid, startTime: "1" }));
    assert.equal(await withLock(file, () => Promise.resolve("mine")), "mine");
  });

  it("is taken over when the owner's process id belongs to somebody else by now", async () => {
    writeFileSync(file, JSON.stringify({ pid: process.pid, startTime: "1" }));
    assert.equal(await withLock(file, () => Promise.resolve("mine")), "mine");
  });

  it("says who holds it, while waiting and when patience ends", async () => {
    const waited: number[] = [];
    const options = { patience: 100, onWait: (pid: number) => waited.push(pid) };
    await withLock(file, () =>
      assert.rejects(
        withLock(file, () => Promise.resolve(), options),
        (error: Error) =>
          error instanceof Mistake &&
          error.message.includes(`process ${process.pid} still works on this plane`),
      ),
    );
    assert.deepEqual(waited, [process.pid]);
  });
});
