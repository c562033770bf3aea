import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Options, execa } from "execa";
import { stringify } from "yaml";
import {
  allStacks,
  dropDamagedMeta,
  hasResources,
  LostStateError,
  soundState,
  type PendingOperation,
  stackPlaces,
} from "./engine-state.js";
import { textOf, writeWhole } from "./files.js";
import { Mistake } from "./mistake.js";
import { markOf } from "./processes.js";
import { type Config, projectName, readStackFile, stackFile } from "./stack-file.js";
import { KUBERNETES_PROVIDER_VERSION, type Toolchain, cacheRoot } from "./toolchain/index.js";

/**
 * A Pulumi engine of our own, apart from the user's: its plugins live in the tool cache, its state
 * and its passphrase in a folder of this checkout, and nobody has to log in.
 */
export interface Engine {
  pulumi: string;
  /** The folder of state and passphrase. */
  home: string;
  /** What a `pulumi` process needs on top of the caller's environment. */
  environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens the engine whose state is in `home`, making what isn't there yet, or not whole.
 * @param kubeconfig the cluster that the programs reach when they name no other
 * @throws {Mistake} with what `pulumi` said, if it doesn't take the provider
 * @throws {LostStateError} if its state can't be opened any more
 */
export async function openEngine(
  toolchain: Toolchain,
  home: string,
  kubeconfig: string,
): Promise<Engine> {
  const backend = path.join(home, "backend");
  mkdirSync(backend, { recursive: true, mode: 0o700 });
  const passphrase = openPassphrase(home);
  dropDamagedMeta(home);
  const { pulumi } = toolchain.binaries;
  const provider = toolchain.binaries["pulumi-resource-kubernetes"];
  const pulumiHome = path.join(cacheRoot(), "pulumi", path.basename(path.dirname(provider)));
  const engine: Engine = {
    pulumi,
    home,
    environment: {
      PATH: [path.dirname(pulumi), process.env.PATH].join(path.delimiter),
      PULUMI_HOME: pulumiHome,
      ...markOf(home, "engine"),
      PULUMI_BACKEND_URL: pathToFileURL(backend).href,
      PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
      // One in the caller's shell is for other stacks, and would take precedence over the file.
      PULUMI_CONFIG_PASSPHRASE: undefined,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      KUBECONFIG: kubeconfig,
    },
  };
  const plugin = `resource-kubernetes-v${KUBERNETES_PROVIDER_VERSION}`;
  const installed = path.join(pulumiHome, "plugins", plugin, path.basename(provider));
  if (!isExecutable(installed)) {
    const version = `v${KUBERNETES_PROVIDER_VERSION}`;
    // Of a folder without its program the engine thinks that all is well.
    const args = ["plugin", "install", "resource", "kubernetes", version, "--file", provider];
    await quietly(engine, [...args, "--reinstall"]);
  }
  return engine;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As many characters as 24 random bytes have in base64. */
const PASSPHRASE = /^[\w-]{32}$/;

/** The file of the passphrase, which is made with the engine's first stack. */
function openPassphrase(home: string): string {
  const file = path.join(home, "passphrase");
  const found = textOf(file);
  if (found !== undefined && PASSPHRASE.test(found)) return file;
  if (hasResources(home)) {
    const what = found === undefined ? "is gone" : "is damaged";
    throw new LostStateError(`${file} ${what}, and without it nobody can open the engine's state.`);
  }
  // Stacks that are there already have a salt that belongs to another one.
  forgetStacks(home);
  writeWhole(file, randomBytes(24).toString("base64url"));
  return file;
}

/** Forgets all stacks: for when the cluster that they were made in is gone. */
function forgetStacks(home: string): void {
  for (const folder of ["backend", "stacks"]) {
    rmSync(path.join(home, folder), { recursive: true, force: true });
  }
  mkdirSync(path.join(home, "backend"), { recursive: true, mode: 0o700 });
}

/** Runs `pulumi` with the engine's environment; output is captured unless `options` say otherwise. */
export function pulumi$(engine: Engine, args: readonly string[], options: Options = {}) {
  return execa(engine.pulumi, args, { ...options, env: { ...engine.environment, ...options.env } });
}

/** A step of which nobody hears unless it fails. */
async function quietly(engine: Engine, args: readonly string[]): Promise<void> {
  const result = await pulumi$(engine, args, { reject: false, all: true });
  if (!result.failed) return;
  const said = String(result.all ?? "").trim() || result.shortMessage;
  throw new Mistake(`\`pulumi ${args.join(" ")}\` failed:\n${said}`);
}

/** The folder that remembers which stacks of a project the engine has, and their salts. */
export function stacksFolder({ home }: Engine, project: string): string {
  return path.join(home, "stacks", projectName(project));
}

/** How a stack is opened. */
export interface StackOptions {
  /** Keys of the configuration that don't hold on this engine. @default none */
  leaveOut?: readonly string[];
  /** Makes of the project's configuration what holds on this engine. @default as it is */
  change?: (config: Config) => Config;
  /** Called with what had to be repaired, in lines for people. @default not called */
  report?: (line: string) => void;
}

/**
 * Makes sure that a stack exists and is whole, and gives its configuration file: the project's own with
 * the salt of this engine, so that the salt of a throw-away engine isn't written into a file that is
 * under version control.
 *
 * @param project the folder of Pulumi.yaml
 * @returns the path for `--config-file`
 * @throws {Mistake} if there is no such project or stack, its file can't be read, or `pulumi` refuses
 * @throws {LostStateError} if what the engine knew of it is lost
 */
export async function openStack(
  engine: Engine,
  project: string,
  stack: string,
  { leaveOut = [], change = (config) => config, report = () => {} }: StackOptions = {},
): Promise<string> {
  const own = change(readStackFile(project, stack).config ?? {});
  const folder = stacksFolder(engine, project);
  writeWhole(path.join(folder, "Pulumi.yaml"), textOf(path.join(project, "Pulumi.yaml")) ?? "");
  const salt = await openSalt(engine, projectName(project), folder, stack, report);
  const config = Object.entries(own).filter(([key]) => !leaveOut.includes(key));
  const file = path.join(folder, `${stack}.config.yaml`);
  writeWhole(file, stringify({ encryptionsalt: salt, config: Object.fromEntries(config) }));
  return file;
}

/** The stack's salt. It stands in a file of its own and in the state: each heals the other's loss. */
async function openSalt(
  engine: Engine,
  project: string,
  folder: string,
  stack: string,
  report: (line: string) => void,
): Promise<string> {
  const file = path.join(folder, stackFile(stack));
  const { state: place } = stackPlaces(engine.home, project, stack);
  const state = soundState(engine.home, project, stack, (copy) => {
    writeWhole(doubtFile(folder, stack), "");
    report(`What the engine knew of stack ${stack} was damaged; going on from ${copy}.`);
  });
  if (state) {
    const salt = state.salt ?? saltIn(file);
    if (salt !== undefined) return salt;
    if (state.resources.length > 0) {
      throw new LostStateError(
        `${file} is damaged, and with it the salt of stack ${stack} is lost.`,
      );
    }
    // Half made: nothing is in it.
    rmSync(place);
  }
  // `stack init` adds the salt to the configuration beside Pulumi.yaml.
  rmSync(file, { recursive: true, force: true });
  await quietly(engine, ["stack", "init", stack, "--no-select", "-C", folder]);
  const salt = saltIn(file);
  if (salt === undefined)
    throw new Mistake(`\`pulumi stack init ${stack}\` wrote no salt to ${file}.`);
  return salt;
}

/** Salt, nonce, and a sealed word to try the passphrase on, with a version before each half. */
const SALT = /^encryptionsalt: (v1:[\w+/=]{12}:v1:[\w+/]{16}:[\w+/]{30}==)$/m;

/** Undefined where the file is gone or damaged. */
function saltIn(file: string): string | undefined {
  return SALT.exec(textOf(file) ?? "")?.[1];
}

/** The file that says that a stack's state may not be what is in its cluster. */
function doubtFile(folder: string, stack: string): string {
  return path.join(folder, `${stack}.doubtful`);
}

/** What a killed update left, or a fault, that a refresh must look into before anything is changed. */
export interface Doubts {
  /** Objects that were being created when the engine was killed: they may be there or not. */
  pending: PendingOperation[];
  /** Whether there are any doubts. */
  any: boolean;
  /** To be called when they are cleared up. */
  cleared(): void;
}

/** @param project the folder of Pulumi.yaml */
export function doubtsAbout(engine: Engine, project: string, stack: string): Doubts {
  const { pending = [] } = soundState(engine.home, projectName(project), stack) ?? {};
  const file = doubtFile(stacksFolder(engine, project), stack);
  return {
    pending,
    any: pending.length > 0 || textOf(file) !== undefined,
    cleared: () => rmSync(file, { force: true }),
  };
}

const UID = /^[0-9a-f-]{36}$/;

/**
 * Notes in which cluster an engine's stacks are. What it knew of another one is forgotten, because
 * that is gone; where it isn't known any more which one it was, all of it is doubtful.
 *
 * @param uid what no other cluster has
 * @returns whether there was another one
 */
export function enterCluster({ home }: Engine, uid: string): boolean {
  const file = path.join(home, "cluster");
  const before = textOf(file);
  if (before === uid) return false;
  const isKnown = before !== undefined && UID.test(before);
  const isOther = isKnown && hasResources(home);
  if (isOther) forgetStacks(home);
  if (!isKnown && hasResources(home)) {
    for (const [project, stack] of allStacks(home)) {
      writeWhole(doubtFile(path.join(home, "stacks", project), stack), "");
    }
  }
  writeWhole(file, uid);
  return isOther;
}
