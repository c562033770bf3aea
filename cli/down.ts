import { existsSync, rmSync } from "node:fs";
import { Command } from "commander";
import { type Engine, openEngine, pulumi$, stacksFolder } from "../local/engine.js";
import { planeStatus, stopPlane } from "../local/plane.js";
import { stacksIn } from "../local/stack-file.js";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { MAIN_PARTS, ensureToolchain } from "../local/toolchain/index.js";
import { ENGINE_STATE, PLANE_STATE, STATE, openEmbeddedStack } from "./embedded.js";
import { ExitCode, Mistake } from "./mistake.js";

/** `istio-egress down`: destroys the stacks of the embedded mesh, then the mesh itself. */
export function command(): Command {
  return new Command("down")
    .addHelpText("after", "\nLeaves no process, port or file behind. Touches no other cluster.")
    .action(async () => {
      process.exitCode = await down();
    });
}

async function down(): Promise<ExitCode> {
  const { state, plane } = await planeStatus(PLANE_STATE);
  // Processes outlive a state folder that somebody deleted.
  if (state === "down" && !existsSync(STATE)) {
    console.log("Nothing is up.");
    return ExitCode.Ok;
  }
  // Where a part is broken there is nothing to destroy: that cluster was the only copy.
  if (state === "up" && plane) {
    await destroyStacks(plane.kubeconfig).catch(goOn("the stacks"));
  }
  await stopPlane(PLANE_STATE, (line) => console.error(line));
  rmSync(STATE, { recursive: true, force: true });
  console.log("Down: no process, port or file is left.");
  return ExitCode.Ok;
}

async function destroyStacks(kubeconfig: string): Promise<void> {
  const toolchain = await ensureToolchain(MAIN_PARTS);
  const engine = await openEngine(toolchain, ENGINE_STATE, kubeconfig);
  for (const stack of stacksIn(stacksFolder(engine, REPOSITORY))) {
    await destroy(engine, stack).catch(goOn(`stack ${stack}`));
  }
}

async function destroy(engine: Engine, stack: string): Promise<void> {
  const config = await openEmbeddedStack(engine, stack);
  // Not --remove: that deletes the checkout's Pulumi.<stack>.yaml too.
  const args = ["destroy", "--yes", "-s", stack, "--config-file", config];
  const { failed } = await pulumi$(engine, args, {
    cwd: REPOSITORY,
    stdio: "inherit",
    reject: false,
  });
  if (failed) throw new Mistake("What pulumi says is above.");
}

/** Tells what went wrong, which is no reason to leave the mesh running. */
function goOn(what: string): (error: unknown) => void {
  return (error) => {
    const why = error instanceof Error ? error.message : String(error);
    console.error(`Can't destroy ${what}; the cluster goes with all that is in it. ${why}`);
  };
}
