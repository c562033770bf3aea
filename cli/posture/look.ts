import path from "node:path";
import { factsFrom } from "../input/options.js";
import { readManifests } from "../input/reading.js";
import { Mistake } from "../mistake.js";
import type { StackEngine } from "../stack/engine.js";
import { type Seen, seenInFiles } from "./seen.js";

/** How a stack is looked at. */
export interface StackLook {
  /** As its last update left it, not as a preview sees it. */
  deployed?: boolean;
  /** With the embedded engine, not the pulumi on the PATH. */
  embedded?: boolean;
  /** The folder of Pulumi.yaml. */
  project: string;
  policyPack?: string;
  policyPackConfig?: string;
}

/** Objects of files and folders. @throws {Mistake} if one can't be read */
export async function filesSeen(
  names: readonly string[],
  { namespace, ...said }: { namespace?: string },
): Promise<Seen> {
  const source = names.map((name) => (name === "-" ? "standard input" : name)).join(", ");
  return seenInFiles(source, await readManifests(names, { namespace }), factsFrom(said));
}

/** Objects of a stack. @throws {Mistake} if it can't be previewed, or its state not be read */
export async function stackSeen(stack: string, given: StackLook): Promise<Seen> {
  const { withEngine } = await import("../stack/engine.js");
  const project = path.resolve(given.project);
  return withEngine(project, given.embedded, (on) => stackSeenOn(on, stack, given));
}

async function stackSeenOn(on: StackEngine, stack: string, given: StackLook): Promise<Seen> {
  const { seenInPreview, seenInState } = await import("./seen.js");
  if (given.deployed) return seenInState(on, stack);
  const { preparePack, previewStack } = await import("../stack/preview.js");
  await preparePack(given);
  const preview = await previewStack(on, stack, given);
  const seen = seenInPreview(stack, preview);
  if (seen) return seen;
  throw new Mistake(
    `the preview of stack ${stack} ended before the policy pack had seen all of it:\n\n${preview.output}`,
  );
}
