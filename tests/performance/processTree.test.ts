import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { watchProcesses } from "./processTree.js";

describe("watchProcesses", () => {
  it("counts what a process takes by its kind, also when it has ended and nobody has noticed", async () => {
    const busy = "const end = Date.now() + 300; while (Date.now() < end);";
    const shell = spawn("bash", ["-c", `node -e '${busy}' & sleep 1; wait`]);
    const watched = watchProcesses(shell.pid!);
    await setTimeout(800);
    const taken = watched.stop();
    shell.kill();
    await once(shell, "exit");
    assert.ok(taken.program.seconds > 0, JSON.stringify(taken));
    assert.ok(taken.program.megabytes > 10, JSON.stringify(taken));
    assert.equal(taken.pack.seconds, 0);
  });
});
