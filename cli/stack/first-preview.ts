import { hasResources } from "../../local/engine-state.js";
import type { Engine } from "../../local/engine.js";
import { runningProcesses } from "../../local/processes.js";
import { update } from "./update.js";

/** What the preview of an engine's first stack is made of. */
export interface FirstPreview {
  stack: string;
  /** Opens the stack. @returns the path for `--config-file` */
  open: () => Promise<string>;
  /** What must be there before the engine can preview: the API server, and the policy pack. */
  ready: Promise<unknown>;
  args: readonly string[];
}

/**
 * Previews a stack while its mesh is still starting: an update has to wait for all of the mesh, and takes
 * three seconds less without a preview of its own. Only for an engine that has made nothing yet: what it
 * knows of a cluster must be put beside that first.
 *
 * @returns what the engine said; undefined where there is no preview, or it failed: the update's own says why
 */
export async function previewFirst(
  engine: Engine,
  { stack, open, ready, args }: FirstPreview,
): Promise<string | undefined> {
  // A killed update may be just making something.
  if (hasResources(engine.home) || runningProcesses(engine.home).length > 0) return undefined;
  const [config] = await Promise.all([open(), ready]);
  const color = ["--color", process.stdout.isTTY ? "always" : "never"];
  const preview = await update({ engine, stack, config }, "preview", [...args, ...color], "later");
  return preview.failed ? undefined : preview.output;
}
