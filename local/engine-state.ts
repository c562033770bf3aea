import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { textOf, writeWhole } from "./files.js";
import { Mistake } from "./mistake.js";
import { hasMemory } from "./processes.js";

/** The embedded engine's state can't be made sound; what is left is to throw it away with its mesh. */
export class LostStateError extends Mistake {
  constructor(
    /** What is wrong. */
    readonly what: string,
  ) {
    super(
      `${what} Take the embedded mesh down with  npm run down,  then bring it up again with  npm run up.`,
    );
  }
}

const resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean().default(false),
  delete: z.boolean().default(false),
  inputs: z.looseObject({}).default({}),
  outputs: z.looseObject({}).default({}),
});

/** A resource, as the engine writes it into a stack's state. */
export type StateResource = z.infer<typeof resource>;

const operation = z.looseObject({ resource, type: z.string() });

/** Something that was under way when the engine was killed. */
export type PendingOperation = z.infer<typeof operation>;

const checkpoint = z.object({
  checkpoint: z.object({
    latest: z
      .object({
        resources: z.array(resource).nullish(),
        pending_operations: z.array(operation).nullish(),
        secrets_providers: z
          .object({ state: z.looseObject({ salt: z.string().optional() }).nullish() })
          .nullish(),
      })
      .nullish(),
  }),
});

/** What the engine knows of a stack. */
export interface StackState {
  resources: StateResource[];
  pending: PendingOperation[];
  /** What its secrets are encrypted with, beside the passphrase; absent before the first update. */
  salt?: string;
}

/** Where an engine's file backend keeps a stack: `pkg/backend/diy` of Pulumi decides. */
export function stackPlaces(home: string, project: string, stack: string) {
  const kept = path.join(home, "backend", ".pulumi");
  return {
    state: path.join(kept, "stacks", project, `${stack}.json`),
    locks: path.join(kept, "locks", "organization", project, stack),
    history: path.join(kept, "history", project, stack),
  };
}

/** The stacks of a project that the backend has something of, in the order of their names. */
function stacksWithState(home: string, project: string): string[] {
  const folder = path.dirname(stackPlaces(home, project, "").state);
  const stacks = entriesOf(folder).flatMap(
    (name) => /^(.+)\.json(?:\.bak)?$/.exec(name)?.[1] ?? [],
  );
  return [...new Set(stacks)].sort();
}

/**
 * What the engine knows of a stack. A state that a fault cut short or took away is replaced by the
 * newest whole copy of it that the engine keeps.
 *
 * @param restored is called when that was done: then the copy may lack what came last
 * @returns undefined where there is no such stack
 * @throws {LostStateError} where it is damaged, and so is every copy
 */
export function soundState(
  home: string,
  project: string,
  stack: string,
  restored: (copy: string) => void = () => {},
): StackState | undefined {
  const { state, history } = stackPlaces(home, project, stack);
  for (const file of [state, `${state}.bak`]) dropDamagedAttributes(file);
  const found = readState(state);
  if (found && found !== "damaged") return found;
  const copies = [
    `${state}.bak`,
    ...entriesOf(history)
      .filter((name) => name.endsWith(".checkpoint.json"))
      .sort()
      .reverse()
      .map((name) => path.join(history, name)),
  ];
  for (const copy of copies) {
    const kept = readState(copy);
    if (!kept || kept === "damaged") continue;
    rmSync(`${state}.attrs`, { force: true });
    writeWhole(state, readFileSync(copy, "utf8"));
    restored(copy);
    return kept;
  }
  if (found === undefined) return undefined;
  throw new LostStateError(`${state} is damaged, and there is no whole copy of it.`);
}

/**
 * What the backend keeps beside a file: its content type, and a checksum. It reads the file without them too,
 * and not with ones that a fault cut short ("failed to load checkpoint: EOF").
 */
function dropDamagedAttributes(file: string): void {
  const attributes = `${file}.attrs`;
  const text = textOf(attributes);
  if (text === undefined || z.looseObject({}).safeParse(parsed(text)).success) return;
  rmSync(attributes, { recursive: true });
}

function readState(file: string): StackState | "damaged" | undefined {
  const text = textOf(file);
  if (text === undefined || text === "damaged") return text;
  const { success, data } = checkpoint.safeParse(parsed(text));
  if (!success) return "damaged";
  const { resources, pending_operations, secrets_providers } = data.checkpoint.latest ?? {};
  const salt = secrets_providers?.state?.salt;
  return {
    resources: resources ?? [],
    pending: pending_operations ?? [],
    ...(salt !== undefined && { salt }),
  };
}

/** Every stack of every project that the backend has something of. */
export function allStacks(home: string): [project: string, stack: string][] {
  const projects = entriesOf(path.join(home, "backend", ".pulumi", "stacks"));
  return projects.flatMap((project) =>
    stacksWithState(home, project).map((stack): [string, string] => [project, stack]),
  );
}

/** Whether any stack has made something, as far as the backend knows. */
export function hasResources(home: string): boolean {
  return allStacks(home).some(([project, stack]) => {
    const found = readState(stackPlaces(home, project, stack).state);
    // What is gone or damaged may have been anything.
    return found === undefined || found === "damaged" || found.resources.length > 0;
  });
}

/** The backend's own file, which says how the others are laid out; it is made again where it is gone. */
export function dropDamagedMeta(home: string): void {
  const file = path.join(home, "backend", ".pulumi", "meta.yaml");
  dropDamagedAttributes(file);
  const text = textOf(file);
  if (text === undefined) return;
  if (text !== "damaged" && z.object({ version: z.number() }).safeParse(yamlIn(text)).success)
    return;
  rmSync(file, { recursive: true });
}

const lock = z.object({ pid: z.number(), username: z.string(), hostname: z.string() });

/**
 * Takes away the locks of updates that run no more, which is what `pulumi cancel` does.
 *
 * @throws {Mistake} where one still runs, that was started by other means
 */
export function releaseLocks(home: string, project: string, stack: string): void {
  const { locks } = stackPlaces(home, project, stack);
  for (const name of entriesOf(locks)) {
    const { data } = lock.safeParse(parsed(textOf(path.join(locks, name)) ?? ""));
    if (data && hasMemory(data.pid) && textOf(`/proc/${data.pid}/comm`)?.trim() === "pulumi") {
      throw new Mistake(
        `pulumi (process ${data.pid}, of ${data.username}@${data.hostname}) works on stack ${stack}: ` +
          "wait until it has ended, then type this again.",
      );
    }
  }
  rmSync(locks, { recursive: true, force: true });
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function yamlIn(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
