import { allStacks, soundState, type StateResource } from "../../local/engine-state.js";
import { pulumi$ } from "../../local/engine.js";
import { projectName } from "../../local/stack-file.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { inItsOwnTime, withPrivateFolder } from "../interruption.js";
import { Mistake } from "../mistake.js";
import path from "node:path";
import { readEvents } from "./events.js";
import type { EmbeddedStack } from "./update.js";

/** How many are named. */
const NAMED = 3;

/**
 * Refuses a stack that declares objects which another stack has made in the same mesh: it would come
 * up by half, and each would take the other's away. Only with another stack there is a preview for it.
 *
 * @throws {Mistake} with the other stack and the objects
 */
export async function refuseOthersObjects(on: EmbeddedStack): Promise<void> {
  const others = objectsOfOthers(on);
  if (others.size === 0) return;
  const declared = await declaredObjects(on);
  for (const [stack, made] of others) {
    const both = [...declared].filter((object) => made.has(object)).sort();
    if (both.length === 0) continue;
    const more = both.length > NAMED ? ` and ${both.length - NAMED} more` : "";
    throw new Mistake(
      `stack ${on.stack} declares what stack ${stack} has made in this mesh: ` +
        `${both.slice(0, NAMED).join(", ")}${more}. Nothing was changed. Take ${stack} away with  ` +
        `npm run down,  or bring ${on.stack} up in another clone, which has a mesh of its own.`,
    );
  }
}

/** By stack of the same engine, what it has made. */
function objectsOfOthers({ engine, stack }: EmbeddedStack): Map<string, Set<string>> {
  const own = projectName(REPOSITORY);
  const others = allStacks(engine.home).filter(
    ([project, name]) => project !== own || name !== stack,
  );
  const made = others.map(([project, name]): [string, Set<string>] => [
    name,
    objectsIn(soundState(engine.home, project, name)?.resources ?? []),
  ]);
  return new Map(made.filter(([, objects]) => objects.size > 0));
}

/** What the program registers in a preview. If the preview fails, the update will report it. */
function declaredObjects({ engine, stack, config }: EmbeddedStack): Promise<Set<string>> {
  return withPrivateFolder(async (folder) => {
    const log = path.join(folder, "events.jsonl");
    const args = ["preview", "-s", stack, "--config-file", config, "--event-log", log];
    await inItsOwnTime(
      pulumi$(engine, [...args, "--non-interactive"], {
        cwd: REPOSITORY,
        env: { PULUMI_DEBUG_COMMANDS: "true" },
        stdio: "ignore",
        reject: false,
        detached: true,
      }),
    );
    const steps = readEvents(log).flatMap(({ resourcePreEvent }) => resourcePreEvent ?? []);
    return objectsIn(
      steps.flatMap(({ metadata: { type, new: state } }) =>
        state ? [{ type, inputs: state.inputs as StateResource["inputs"], delete: false }] : [],
      ),
    );
  });
}

interface Registered {
  type: string;
  inputs: StateResource["inputs"];
  /** Pending deletion. */
  delete: boolean;
}

/** Whole objects of Kubernetes: several may patch one that is there. */
function objectsIn(resources: readonly Registered[]): Set<string> {
  const objects = resources.flatMap(({ type, inputs, delete: isLeaving }) => {
    const { kind, metadata } = inputs as { kind?: string; metadata?: Record<string, string> };
    const isObject = type.startsWith("kubernetes:") && !type.endsWith("Patch") && !isLeaving;
    if (!isObject || kind === undefined || metadata?.["name"] === undefined) return [];
    const { namespace, name } = metadata;
    return [`${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`];
  });
  return new Set(objects);
}
