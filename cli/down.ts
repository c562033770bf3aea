import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { openEngine, pulumi$ } from "../local/engine.js";
import { planeStatus, stopPlane } from "../local/plane.js";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { MAIN_PARTS, ensureToolchain } from "../local/toolchain/index.js";
import { ENGINE_STATE, PLANE_STATE, STATE, openEmbeddedStack } from "./embedded.js";
import { ExitCode } from "./mistake.js";

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
  if (state === "up" && plane) await destroyStacks(plane.kubeconfig);
  await stopPlane(PLANE_STATE);
  rmSync(STATE, { recursive: true, force: true });
  console.log("Down: no process, port or file is left.");
  return ExitCode.Ok;
}

async function destroyStacks(kubeconfig: string): Promise<void> {
  const toolchain = await ensureToolchain(MAIN_PARTS);
  const engine = await openEngine(toolchain, ENGINE_STATE, kubeconfig);
  for (const stack of openedStacks()) {
    const config = await openEmbeddedStack(engine, stack);
    // Not --remove: that deletes the checkout's Pulumi.<stack>.yaml too.
    await pulumi$(engine, ["destroy", "--yes", "-s", stack, "--config-file", config], {
      cwd: REPOSITORY,
      stdio: "inherit",
    });
  }
}

function openedStacks(): string[] {
  const folder = path.join(ENGINE_STATE, "stacks");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}
