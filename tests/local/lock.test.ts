import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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

  const dead = JSON.stringify({ pid: process.pid, startTime: "1" });
  const cpu = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };

  const leftBehind: [what: string, files: Record<string, string>][] = [
    ["nothing at all, as after a power cut", { "plane.lock": "" }],
    ["half an owner", { "plane.lock": '{"pid":12' }],
    ["something else in JSON", { "plane.lock": "null" }],
    ["a dead owner, and one that died while it took over", claims(1)],
    ["a dead owner, and several that died so", claims(3)],
    ["a dead owner, and a damaged claim", { ...claims(0), "plane.lock.claim": "" }],
  ];
  function claims(count: number): Record<string, string> {
    const names = Array.from({ length: count + 1 }, (_, i) => `plane.lock${".claim".repeat(i)}`);
    return Object.fromEntries(names.map((name) => [name, dead]));
  }
  for (const [what, files] of leftBehind) {
    it(`is taken over where its file holds ${what}`, async () => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      assert.equal(
        await withLock(file, () => Promise.resolve("mine"), { patience: 2_000 }),
        "mine",
      );
    });
  }

  it("is taken over by one of many that find it dead", async () => {
    for (const [name, text] of Object.entries(claims(1))) writeFileSync(join(folder, name), text);
    let inside = 0;
    const work = async () => {
      assert.equal(++inside, 1);
      await sleep(5);
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(file, work)));
  });

  it("doesn't keep a processor busy while somebody else takes it over", async () => {
    const taker = { pid: process.pid, startTime: startTimeOfThisProcess() };
    writeFileSync(file, dead);
    writeFileSync(`${file}.claim`, JSON.stringify(taker));
    const waiting = withLock(file, () => Promise.resolve("mine"));
    const used = await cpu(() => sleep(500));
    assert.ok(used < 250, `${used} ms of processor in half a second`);
    rmSync(`${file}.claim`);
    assert.equal(await waiting, "mine");
  });

  it("that is a folder is reported, not waited for", async () => {
    mkdirSync(file);
    await assert.rejects(
      withLock(file, () => Promise.resolve()),
      (error: Error) => {
        assert.ok(error instanceof Mistake);
        assert.match(error.message, /plane\.lock is a folder in a lock's place: remove it\.$/);
        return true;
      },
    );
    rmSync(file, { recursive: true });
  });

  it("is made in a folder that its last owner took away with it", async () => {
    const inner = join(folder, "state", "lock");
    const first = withLock(inner, async () => {
      await sleep(100);
      rmSync(join(folder, "state"), { recursive: true });
    });
    const second = withLock(inner, () => Promise.resolve(existsSync(inner)));
    await first;
    assert.equal(await second, true);
    rmSync(join(folder, "state"), { recursive: true });
  });

  it("is given back by a process that ends in the middle of its work", async () => {
    const script = "require('./local/lock.ts').withLock(process.argv[1], () => process.exit(7))";
    const child = spawn(process.execPath, ["-r", "./register.cjs", "-e", script, file]);
    assert.deepEqual(await once(child, "exit"), [7, null]);
    assert.ok(!existsSync(file));
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

function startTimeOfThisProcess(): string | undefined {
  return readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ")[19];
}
