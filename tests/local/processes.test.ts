import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  isRunning,
  lastLines,
  runningProcesses,
  spawnProcess,
  stopProcesses,
} from "../../local/processes.js";
import { eventually } from "./eventually.js";
import { close, listenOn } from "./sockets.js";

describe("the processes of a plane", () => {
  const plane = mkdtempSync(join(tmpdir(), "istio-egress-processes-"));
  const log = join(plane, "logs", "part.log");

  const part = { name: "part", environment: { GREETING: "hello" }, home: plane, log };
  const start = (script: string) =>
    spawnProcess(plane, { ...part, command: ["/bin/sh", "-c", script] });

  afterEach(() => stopProcesses(plane, runningProcesses(plane)));
  after(() => rmSync(plane, { recursive: true }));

  it("are found by the plane they belong to, with name, command and environment", async () => {
    const pid = await start("sleep 60; :");
    assert.deepEqual(
      runningProcesses(plane).filter((found) => found.pid === pid),
      [
        {
          pid,
          name: "part",
          command: ["/bin/sh", "-c", "sleep 60; :"],
          environment: { GREETING: "hello" },
        },
      ],
    );
    assert.deepEqual(runningProcesses(`${plane}-other`), []);
    assert.ok(isRunning(plane, pid));
    assert.ok(!isRunning(plane, process.pid));
  });

  it("inherit nothing from the shell that started them", async () => {
    await start("env; sleep 60");
    const names = await eventually(() => {
      const printed = lastLines(log, 50).map((line) => line.split("=")[0] ?? "");
      return printed.includes("GREETING") ? printed : undefined;
    });
    const ownOfShell = ["PWD", "OLDPWD", "SHLVL", "_"];
    const others = names.filter((name) => !ownOfShell.includes(name));
    assert.deepEqual(others.sort(), ["GREETING", "ISTIO_EGRESS_PART", "ISTIO_EGRESS_PLANE"]);
  });

  it("write a log that only their owner may read, beside the one before", async () => {
    await start("echo first");
    await eventually(() => lastLines(log).includes("first") || undefined);
    await start("echo second");
    await eventually(() => lastLines(log).includes("second") || undefined);
    assert.equal(statSync(log).mode & 0o777, 0o600);
    assert.equal(readFileSync(`${log}.previous`, "utf8"), "first\n");
  });

  it("receive a signal to end, and are made to when they don't listen", async () => {
    const polite = await start("sleep 60");
    const script =
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')";
    const stubborn = await spawnProcess(plane, {
      ...part,
      command: [process.execPath, "-e", script],
    });
    await eventually(() => lastLines(log).includes("up") || undefined);
    await stopProcesses(plane, runningProcesses(plane), 300);
    assert.ok(!isRunning(plane, polite) && !isRunning(plane, stubborn));
    assert.deepEqual(runningProcesses(plane), []);
  });

  it("count as running until they have let go of their ports", async () => {
    const script = `const held = Buffer.alloc(3e8, 1);
      const server = require("node:net").createServer().listen(0, "127.0.0.1", () => {
        console.log("port", server.address().port, held.length);
      });`;
    const command = [process.execPath, "-e", script];
    for (let round = 0; round < 3; round += 1) {
      const pid = await spawnProcess(plane, { ...part, command });
      const port = await eventually(() => /^port (\d+)/.exec(lastLines(log)[0] ?? "")?.[1]);
      process.kill(pid, "SIGKILL");
      while (isRunning(plane, pid)) await sleep(1);
      await close(await listenOn(Number(port)));
    }
  });

  it("say which program is missing", async () => {
    await assert.rejects(
      spawnProcess(plane, { ...part, command: [join(plane, "no-such-etcd")] }),
      /part can't be started: .*no-such-etcd/,
    );
  });
});
