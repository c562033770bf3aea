import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { meshTools } from "../../cli/embedded.js";
import { type Plane, planeStatus, startPlane, stopPlane } from "../../local/plane.js";
import { isRunning, runningProcesses } from "../../local/processes.js";
import { ClusterClient, namespace } from "../local/cluster-client.js";
import type { Tools } from "../../local/tools.js";
import { MAIN_PARTS, ensureToolchain } from "../../local/toolchain/index.js";
import { eventually } from "../local/eventually.js";
import { close, listenOn, listeningAddresses } from "../local/sockets.js";
import { onTermination } from "./termination.js";

const PARTS = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
  "istiod",
];

const named = (name: string) => (process: { name: string }) => process.name === name;

describe("the embedded mesh's life, on real parts", function () {
  this.timeout(120_000);

  const folder = mkdtempSync(join(tmpdir(), "istio-egress-plane-"));
  const places: string[] = [];
  const placeOf = (name: string) => {
    const place = join(folder, name, "plane");
    places.push(place);
    return place;
  };
  const stateDir = placeOf("own");
  let tools: Tools;
  let plane: Plane;
  let isRemoved: () => void;

  const remove = async () => {
    await Promise.all(places.map((place) => stopPlane(place)));
    rmSync(folder, { recursive: true, force: true });
  };

  before(async () => {
    isRemoved = onTermination(remove);
    tools = meshTools(await ensureToolchain(MAIN_PARTS));
    plane = await startPlane({ stateDir, tools });
    await new ClusterClient(plane).create(namespace("kept"));
  });

  after(async () => {
    await remove();
    isRemoved();
  });

  const start = (lines: string[] = []) => {
    return startPlane({ stateDir, tools, report: (line) => lines.push(line) });
  };

  const kill = async (name: string) => {
    const [victim] = runningProcesses(stateDir).filter(named(name));
    assert.ok(victim);
    process.kill(victim.pid, "SIGKILL");
    await eventually(() => !isRunning(stateDir, victim.pid) || undefined);
  };

  const assertDataIsKept = async () => {
    const found = await new ClusterClient(plane).list("v1", "Namespace", "");
    assert.ok(found.some(({ metadata }) => metadata?.name === "kept"));
  };

  it("comes up from nothing with every part well", async () => {
    assert.equal(plane.outcome, "started");
    const { state, parts } = await planeStatus(stateDir);
    assert.equal(state, "up");
    assert.deepEqual(
      parts.map(({ name, problem }) => ({ name, problem })),
      PARTS.map((name) => ({ name, problem: undefined })),
    );
  });

  it("listens on the loopback address only", () => {
    const processes = runningProcesses(stateDir);
    const addresses = processes.flatMap(({ pid }) => listeningAddresses(pid));
    assert.ok(addresses.length >= 10, `only ${addresses.length} listening sockets found`);
    assert.deepEqual(new Set(addresses), new Set(["127.0.0.1"]));
  });

  it("lets nobody but their owner into its files", () => {
    assert.equal(statSync(stateDir).mode & 0o077, 0);
    for (const entry of readdirSync(join(stateDir, "credentials"))) {
      const { mode } = statSync(join(stateDir, "credentials", entry));
      assert.equal(mode & 0o777, 0o600, entry);
    }
  });

  it("refuses callers without credentials", async () => {
    const status = await new Promise((resolve, reject) => {
      get(`${plane.apiServer}/api/v1/namespaces`, { rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).once("error", reject);
    });
    assert.equal(status, 401);
  });

  it("is left alone when it is started again", async () => {
    const before = runningProcesses(stateDir);
    const begin = Date.now();
    assert.deepEqual(await start(), { ...plane, outcome: "running" });
    assert.ok(Date.now() - begin < 2_000, `took ${Date.now() - begin} ms`);
    assert.deepEqual(runningProcesses(stateDir), before);
  });

  for (const name of PARTS) {
    it(`names ${name} when it was killed, and starts again what isn't well`, async () => {
      const before = runningProcesses(stateDir);
      await kill(name);

      const broken = await planeStatus(stateDir);
      assert.equal(broken.state, "broken");
      assert.equal(broken.parts.find(named(name))?.problem, "isn't running");

      const lines: string[] = [];
      const repaired = await start(lines);
      assert.ok(lines.includes(`${name} isn't running; starting it again.`), lines.join("\n"));
      assert.equal(repaired.outcome, "repaired");
      const [finding] = repaired.repaired.filter(named(name));
      assert.match(
        finding?.problem ?? "",
        new RegExp(`^${name} isn't running.*${name}\\.log`, "s"),
      );
      assert.equal((await planeStatus(stateDir)).state, "up");
      const restarted = repaired.repaired.map((part) => part.name);
      const untouched = before.filter((process) => !restarted.includes(process.name));
      const after = runningProcesses(stateDir);
      for (const process of untouched)
        assert.deepEqual(after.filter(named(process.name)), [process]);
      await assertDataIsKept();
    });
  }

  it("moves to other ports, with its data, when one of its ports was taken meanwhile", async () => {
    await kill("istiod");
    const squatter = await listenOn(plane.istiod.grpcPort);
    try {
      const lines: string[] = [];
      const moved = await start(lines);
      const found = "istiod found its port taken; starting all parts on other ports.";
      assert.ok(lines.includes(found), lines.join("\n"));
      assert.equal(moved.outcome, "repaired");
      assert.notEqual(moved.istiod.grpcPort, plane.istiod.grpcPort);
      plane = moved;
      await assertDataIsKept();
    } finally {
      await close(squatter);
    }
  });

  it("starts once when two start it at a time, and lives beside another one", async () => {
    const other = placeOf("other");
    try {
      const [one, two] = await Promise.all([
        startPlane({ stateDir: other, tools }),
        startPlane({ stateDir: other, tools }),
      ]);
      assert.deepEqual([one.outcome, two.outcome].sort(), ["running", "started"]);
      assert.equal(one.apiServer, two.apiServer);
      assert.notEqual(one.apiServer, plane.apiServer);
      assert.equal(runningProcesses(other).length, PARTS.length);
    } finally {
      await stopPlane(other);
    }
    assert.equal((await planeStatus(stateDir)).state, "up");
  });

  it("goes on from a start that was killed in the middle", async () => {
    const other = placeOf("killed");
    const script = "require('./local/plane.ts').startPlane(JSON.parse(process.argv[1]))";
    const options = JSON.stringify({ stateDir: other, tools });
    const child = spawn(process.execPath, ["-r", "./register.cjs", "-e", script, options]);
    try {
      await eventually(() => runningProcesses(other).some(named("kube-apiserver")) || undefined);
      child.kill("SIGKILL");
      const [etcd] = runningProcesses(other).filter(named("etcd"));
      // It doesn't answer yet, for longer than it is given when a plane was complete.
      process.kill(etcd!.pid, "SIGSTOP");
      const started = startPlane({ stateDir: other, tools });
      await sleep(3_000);
      process.kill(etcd!.pid, "SIGCONT");
      await started;
      assert.equal((await planeStatus(other)).state, "up");
      assert.deepEqual(runningProcesses(other).filter(named("etcd")), [etcd]);
    } finally {
      await stopPlane(other);
    }
  });

  it("replaces a part that was started with other options", async () => {
    const changed = { ...tools, kubeScheduler: [...tools.kubeScheduler, "--v=1"] };
    const replaced = await startPlane({ stateDir, tools: changed });
    assert.deepEqual(
      replaced.repaired.map(({ name }) => name),
      ["kube-scheduler"],
    );
    const [scheduler] = runningProcesses(stateDir).filter(named("kube-scheduler"));
    assert.ok(scheduler?.command.includes("--v=1"));
  });

  it("names a part that can't start, with its log, and leaves nothing running", async () => {
    const broken = placeOf("broken");
    const wrong = { ...tools, kwok: [...tools.kwok, "--no-such-flag"] };
    await assert.rejects(startPlane({ stateDir: broken, tools: wrong }), (error: Error) => {
      assert.match(error.message, /^kwok ended while the embedded mesh was starting\./);
      assert.ok(error.message.includes(join(broken, "logs", "kwok.log")), error.message);
      assert.match(error.message, /unknown flag: --no-such-flag/);
      return true;
    });
    assert.deepEqual(runningProcesses(broken), []);
    await stopPlane(broken);
    assert.deepEqual(readdirSync(join(folder, "broken")), []);
  });

  it("gives up when its time is over, says what it waited for, and leaves nothing running", async () => {
    const slow = placeOf("slow");
    await assert.rejects(
      startPlane({ stateDir: slow, tools, patience: 0 }),
      /(etcd|kube-apiserver) doesn't get ready: .*\.log\)/s,
    );
    assert.deepEqual(runningProcesses(slow), []);
    await stopPlane(slow);
  });

  it("leaves no process, port or file behind, even when its folder was deleted before", async () => {
    rmSync(stateDir, { recursive: true });
    assert.equal((await planeStatus(stateDir)).state, "broken");
    assert.deepEqual((await stopPlane(stateDir)).sort(), [...PARTS].sort());
    assert.deepEqual(runningProcesses(stateDir), []);
    for (const port of Object.values(plane.istiod)) await close(await listenOn(port));
    assert.ok(!existsSync(stateDir) && !existsSync(`${stateDir}.lock`));
    assert.deepEqual(await planeStatus(stateDir), { state: "down", parts: [] });
  });
});
