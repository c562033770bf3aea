import { readFileSync } from "node:fs";
import path from "node:path";
import { isClone, REPOSITORY } from "../../local/toolchain/cache.js";
import { type Grounds, groundsFile } from "../../policies/grounds.js";
import { readSnapshot, SNAPSHOT_VARIABLE, type StackSnapshot } from "../../policies/snapshot.js";
import { type LoggedEvent, readEvents } from "./events.js";
import { withPrivateFolder } from "../interruption.js";
import { requireRoom } from "../stack-file.js";
import { runPulumi, type StackEngine } from "./engine.js";

/** The pack that every preview and every update here loads. */
const OWN_PACK = path.join(REPOSITORY, "policies");
/** Its name in the engine. */
export const PACK_NAME = "istio-egress";

/** Which pack judges, and how it is configured. */
export interface PackChoice {
  /** Its folder. @default {@link OWN_PACK} */
  policyPack?: string;
  /** A file for `--policy-pack-config`. */
  policyPackConfig?: string;
}

/**
 * Bundles our own pack, so that what judges is what its sources say now. Another one, and the one
 * that was published with this command, are taken as they are.
 *
 * @throws {Mistake} if that can't be done
 */
export async function preparePack({ policyPack }: PackChoice): Promise<void> {
  if (policyPack !== undefined || !isClone()) return;
  const { buildPolicyPack } = await import("../policy-pack.js");
  await buildPolicyPack();
}

/** What a preview came to. */
export interface Preview {
  exitCode: number;
  /** What a person would have seen. */
  output: string;
  events: LoggedEvent[];
  /** What the pack judged; absent where the engine ended before it had the whole stack. */
  snapshot?: StackSnapshot;
  /** What the pack's answers rest on; absent where none of its rules about the stack ran. */
  grounds?: Grounds;
}

/** What the pack left in a file; nothing where it didn't get as far, or was ended while it wrote. */
function leftIn<T>(file: string, parse: (text: string) => T): T | undefined {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isMissing || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Previews a stack with the pack. Never throws because of what the preview comes to.
 * @throws {Mistake} if the stack's configuration is too big for the engine
 */
export function previewStack(
  on: StackEngine,
  stack: string,
  { policyPack = OWN_PACK, policyPackConfig }: PackChoice,
): Promise<Preview> {
  requireRoom(stack, on.project);
  return withPrivateFolder(async (folder) => {
    const log = path.join(folder, "events.jsonl");
    const snapshot = path.join(folder, "snapshot.json");
    const pack = [
      ...["--policy-pack", path.resolve(policyPack)],
      ...(policyPackConfig === undefined
        ? []
        : ["--policy-pack-config", path.resolve(policyPackConfig)]),
    ];
    const args = ["preview", ...(await on.selecting(stack)), "--event-log", log, ...pack];
    const { exitCode, output } = await runPulumi(on, args, { [SNAPSHOT_VARIABLE]: snapshot });
    const seen = leftIn(snapshot, readSnapshot);
    const grounds = leftIn(groundsFile(snapshot), (text) => JSON.parse(text) as Grounds);
    return {
      exitCode,
      output,
      events: readEvents(log),
      ...(seen && { snapshot: seen }),
      ...(grounds && { grounds }),
    };
  });
}
