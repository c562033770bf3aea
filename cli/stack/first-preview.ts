import { devNull } from "node:os";
import { hasResources } from "../../local/engine-state.js";
import { type Engine, pulumi$ } from "../../local/engine.js";
import { runningProcesses } from "../../local/processes.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { inItsOwnTime } from "../interruption.js";

/** What the preview of an engine's first stack is made of. */
export interface FirstPreview {
  stack: string;
  /** Opens the stack. @returns the path for `--config-file` */
  open: () => Promise<string>;
  /** When the policy pack is there. */
  pack: Promise<void>;
  args: readonly string[];
}

/** Instead of an API server that is just starting: the same is seen each time. */
const NO_CLUSTER = { KUBECONFIG: devNull, KUBERNETES_SERVICE_HOST: undefined };

/**
 * Previews a stack without a cluster, beside its mesh's start: an update can't begin before the mesh works,
 * and takes three seconds less without a preview of its own. Only for an engine that has made nothing yet:
 * nothing that a cluster holds is changed then, and what is created doesn't depend on it.
 *
 * @returns whether nothing keeps the stack from coming up. Where something does, nobody has been told yet.
 */
export async function previewFirst(
  engine: Engine,
  { stack, open, pack, args }: FirstPreview,
): Promise<boolean> {
  // A killed update may be just making something.
  if (hasResources(engine.home) || runningProcesses(engine.home).length > 0) return false;
  const [config] = await Promise.all([open(), pack]);
  const on = ["-s", stack, "--config-file", config];
  const { failed } = await inItsOwnTime(
    pulumi$(engine, ["preview", ...on, ...args, "--non-interactive"], {
      cwd: REPOSITORY,
      env: NO_CLUSTER,
      stdio: "ignore",
      reject: false,
      detached: true,
    }),
  );
  return !failed;
}
