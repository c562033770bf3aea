import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { type Engine, openEngine, stacksFolder } from "../local/engine.js";
import { LostStateError, releaseLocks } from "../local/engine-state.js";
import { type Plane, planeStatus, stopPlane } from "../local/plane.js";
import { projectName, stacksIn } from "../local/stack-file.js";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { MAIN_PARTS, ensureToolchain } from "../local/toolchain/index.js";
import { alone, openEmbeddedStack, report } from "./embedded.js";
import { ExitCode, Mistake } from "./mistake.js";
import { ENGINE_STATE, PLANE_STATE, STATE, STATE_LOCK } from "./state.js";
import { endLeftovers, update } from "./stack/update.js";

/** `istio-egress down`: destroys the stacks of the embedded mesh, then the mesh itself. */
export function command(): Command {
  return new Command("down")
    .addHelpText("after", "\nLeaves no process, port or file behind. Touches no other cluster.")
    .action(async () => {
      process.exitCode = await alone(down);
    });
}

async function down(): Promise<ExitCode> {
  await endLeftovers(ENGINE_STATE, report);
  const { state, plane } = await planeStatus(PLANE_STATE);
  // Processes outlive a state folder that was deleted by hand.
  if (state === "down" && stateFiles().length === 0) {
    console.log("Nothing is up.");
    return ExitCode.Ok;
  }
  // Where a part is broken there is nothing to destroy: that cluster was the only copy.
  if (state === "up" && plane) {
    await destroyStacks(plane).catch(goOn("the stacks"));
  }
  await stopPlane(PLANE_STATE, report);
  for (const file of stateFiles()) rmSync(file, { recursive: true, force: true });
  console.log("Down: no process, port or file is left.");
  return ExitCode.Ok;
}

/** All that is kept of the mesh and its engine; the lock is this command's own. */
function stateFiles(): string[] {
  if (!existsSync(STATE)) return [];
  return readdirSync(STATE)
    .map((name) => path.join(STATE, name))
    .filter((file) => !file.startsWith(STATE_LOCK));
}

async function destroyStacks({ kubeconfig, istioVersion }: Plane): Promise<void> {
  const toolchain = await ensureToolchain(MAIN_PARTS);
  const engine = await openEngine(toolchain, ENGINE_STATE, kubeconfig);
  for (const stack of stacksIn(stacksFolder(engine, REPOSITORY))) {
    await destroy(engine, stack, istioVersion).catch(goOn(`stack ${stack}`));
  }
}

async function destroy(engine: Engine, stack: string, istio: string): Promise<void> {
  const config = await openEmbeddedStack(engine, stack, istio);
  releaseLocks(engine.home, projectName(REPOSITORY), stack);
  // Not --remove: that deletes the checkout's Pulumi.<stack>.yaml too.
  const { failed } = await update({ engine, stack, config }, "destroy");
  if (failed) throw new Mistake("What pulumi says is above.");
}

/** Reports what went wrong, which is no reason to leave the mesh running. */
function goOn(what: string): (error: unknown) => void {
  return (error) => {
    const message = error instanceof Error ? error.message : String(error);
    const why = error instanceof LostStateError ? error.what : message;
    report(`Can't destroy ${what}; the cluster goes with all that is in it. ${why}`);
  };
}
