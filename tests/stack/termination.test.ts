import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { stopPlane } from "../../local/plane.js";
import { isRunning, runningProcesses } from "../../local/processes.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { MAIN_PARTS, ensureToolchain } from "../../local/toolchain/index.js";
import { eventually } from "../local/eventually.js";

/** Each way that a file of tests starts an embedded mesh: two with their own, one with the shared. */
const RUNS = [
  { file: "mesh.test.ts", signal: "SIGINT" },
  { file: "plane.test.ts", signal: "SIGINT" },
  { file: "externalName.test.ts", signal: "SIGTERM" },
] as const;

describe("a run of the tests that is given up", function () {
  this.timeout(120_000);
  before(() => ensureToolchain(MAIN_PARTS));

  for (const { file, signal } of RUNS) {
    it(`by ${signal} leaves nothing of the mesh that ${file} has started`, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-termination-"));
      const run = execa("node", ["node_modules/mocha/bin/mocha.js", `tests/stack/${file}`], {
        cwd: REPOSITORY,
        env: { TMPDIR: folder },
        reject: false,
        all: true,
        // It takes the mesh away first.
        forceKillAfterDelay: false,
      });
      let stateDir: string | undefined;
      try {
        stateDir = await eventually(() => planesIn(folder).find(runsIstiod));
        const processes = runningProcesses(stateDir);
        run.kill(signal);
        const { exitCode, all } = await run;
        assert.deepEqual(
          processes.filter(({ pid }) => isRunning(stateDir!, pid)),
          [],
        );
        assert.deepEqual(runningProcesses(stateDir), []);
        assert.deepEqual(planesIn(folder), []);
        assert.notEqual(exitCode, 0, all);
      } finally {
        run.kill("SIGKILL");
        if (stateDir) await stopPlane(stateDir);
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});

/** The folders of embedded meshes below a folder. */
function planesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => path.basename(file) === "plane")
    .map((file) => path.join(folder, file));
}

/** Whether its last part is started. */
function runsIstiod(stateDir: string): boolean {
  return runningProcesses(stateDir).some(({ name }) => name === "istiod");
}
