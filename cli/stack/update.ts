import path from "node:path";
import { type Engine, doubtsAbout, pulumi$ } from "../../local/engine.js";
import { type PendingOperation, releaseLocks, soundState } from "../../local/engine-state.js";
import { runningProcesses, stopProcesses } from "../../local/processes.js";
import { projectName } from "../../local/stack-file.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { inItsOwnTime, withPrivateFolder } from "../interruption.js";
import { type LoggedEvent, changesNothing, readEvents } from "./events.js";

/** A stack of this project on the embedded engine. */
export interface EmbeddedStack {
  engine: Engine;
  stack: string;
  /** For `--config-file`. */
  config: string;
}

/** How an update ended. What there was to say, the engine has said. */
export interface UpdateEnding {
  failed: boolean;
  events: LoggedEvent[];
}

/**
 * Brings a stack up. What it has made is previewed first, and where nothing changes that is all: an update
 * would start program, pack and provider once more to find the same.
 */
export async function updateWhereChanged(
  on: EmbeddedStack,
  args: readonly string[],
): Promise<UpdateEnding> {
  const state = soundState(on.engine.home, projectName(REPOSITORY), on.stack);
  if (!state || state.resources.length === 0) return update(on, "up", args);
  const preview = await update(on, "preview", args);
  if (preview.failed || changesNothing(preview.events)) return preview;
  return update(on, "up", [...args, "--skip-preview"]);
}

/**
 * Runs `pulumi up`, `destroy`, `refresh` or `preview` as a person does, who sees what it says and has
 * agreed to what it shows.
 */
export function update(
  { engine, stack, config }: EmbeddedStack,
  command: "up" | "destroy" | "refresh" | "preview",
  args: readonly string[] = [],
): Promise<UpdateEnding> {
  return withPrivateFolder(async (folder) => {
    const log = path.join(folder, "events.jsonl");
    const common = ["-s", stack, "--config-file", config, "--event-log", log];
    const agreed = command === "preview" ? [] : ["--yes"];
    const { failed } = await inItsOwnTime(
      pulumi$(engine, [command, ...common, ...agreed, ...args], {
        cwd: REPOSITORY,
        // The engine writes its event log where this variable asks for it.
        env: { PULUMI_DEBUG_COMMANDS: "true" },
        stdin: "ignore",
        stdout: "inherit",
        stderr: "inherit",
        reject: false,
        detached: true,
      }),
    );
    return { failed, events: readEvents(log) };
  });
}

/**
 * Ends what a killed command has left running of the engine in a folder: an update gets the time to write
 * down what it has made; what it had started in turn is ended too.
 */
export async function endLeftovers(home: string, report: (line: string) => void): Promise<void> {
  const left = runningProcesses(home);
  const updates = left.filter(({ command: [program = ""] }) => path.basename(program) === "pulumi");
  for (const { pid } of updates) {
    report(`Ending an update whose command was killed (process ${pid}).`);
  }
  await stopProcesses(home, updates, 60_000);
  await stopProcesses(home, runningProcesses(home));
}

/**
 * Makes a stack ready for an update, whatever a killed one has left: its lock goes, and a refresh finds
 * out what became of the objects that were being made.
 *
 * @throws {Mistake} where an update of another command still runs
 */
export async function recover(on: EmbeddedStack, report: (line: string) => void): Promise<void> {
  const { engine, stack } = on;
  releaseLocks(engine.home, projectName(REPOSITORY), stack);
  const doubts = doubtsAbout(engine, REPOSITORY, stack);
  if (!doubts.any) return;
  report(`The last update of stack ${stack} was cut short; looking what there is of it.`);
  const imports = doubts.pending.flatMap(importOf);
  const args = ["--skip-preview", "--suppress-outputs", "--suppress-progress"];
  const { failed } = await update(on, "refresh", [...args, ...imports, "--clear-pending-creates"]);
  if (!failed) doubts.cleared();
}

/** How a refresh learns where to look for an object whose creation may have come to its end. */
function importOf({ type, resource }: PendingOperation): string[] {
  const { metadata } = resource.inputs as { metadata?: { name?: unknown; namespace?: unknown } };
  if (type !== "creating" || !resource.type.startsWith("kubernetes:")) return [];
  if (typeof metadata?.name !== "string") return [];
  const id = [metadata.namespace, metadata.name]
    .filter((part) => typeof part === "string")
    .join("/");
  return [resource.urn, id].flatMap((part) => ["--import-pending-creates", part]);
}
