import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Options, execa } from "execa";
import { stringify } from "yaml";
import { Mistake } from "./mistake.js";
import { projectName, readStackFile, stackFile } from "./stack-file.js";
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
 * Opens the engine whose state is in `home`, making what isn't there yet.
 * @param kubeconfig the cluster that the programs reach when they name no other
 * @throws {Mistake} with what `pulumi` said, if it doesn't take the provider
 */
export async function openEngine(
  toolchain: Toolchain,
  home: string,
  kubeconfig: string,
): Promise<Engine> {
  const backend = path.join(home, "backend");
  mkdirSync(backend, { recursive: true, mode: 0o700 });
  const passphrase = path.join(home, "passphrase");
  if (!existsSync(passphrase)) {
    writeFileSync(passphrase, randomBytes(24).toString("base64url"), { mode: 0o600 });
  }
  const { pulumi } = toolchain.binaries;
  const provider = toolchain.binaries["pulumi-resource-kubernetes"];
  const pulumiHome = path.join(cacheRoot(), "pulumi", path.basename(path.dirname(provider)));
  const engine: Engine = {
    pulumi,
    home,
    environment: {
      PATH: [path.dirname(pulumi), process.env.PATH].join(path.delimiter),
      PULUMI_HOME: pulumiHome,
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
      // One in the caller's shell is for stacks of theirs, and would go before the file.
      PULUMI_CONFIG_PASSPHRASE: undefined,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      KUBECONFIG: kubeconfig,
    },
  };
  const plugin = `resource-kubernetes-v${KUBERNETES_PROVIDER_VERSION}`;
  if (!existsSync(path.join(pulumiHome, "plugins", plugin))) {
    const version = `v${KUBERNETES_PROVIDER_VERSION}`;
    const args = ["plugin", "install", "resource", "kubernetes", version, "--file", provider];
    await quietly(engine, args);
  }
  return engine;
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

/**
 * Makes sure that a stack exists and gives its configuration file: the project's own with the salt
 * of this engine, so that the salt of a throw-away engine isn't written into a file that is under
 * version control.
 *
 * @param project the folder of Pulumi.yaml
 * @param leaveOut keys of the configuration that don't hold on this engine
 * @returns the path for `--config-file`
 * @throws {Mistake} if there is no such project or stack, its file can't be read, or `pulumi` refuses
 */
export async function openStack(
  engine: Engine,
  project: string,
  stack: string,
  leaveOut: readonly string[] = [],
): Promise<string> {
  const own = readStackFile(project, stack).config ?? {};
  const folder = stacksFolder(engine, project);
  if (!existsSync(path.join(folder, stackFile(stack)))) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    copyFileSync(path.join(project, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
    // `stack init` adds the salt to the configuration beside Pulumi.yaml.
    await quietly(engine, ["stack", "init", stack, "--no-select", "-C", folder]);
  }
  const config = Object.entries(own).filter(([key]) => !leaveOut.includes(key));
  const salt = readStackFile(folder, stack);
  const file = path.join(folder, `${stack}.config.yaml`);
  const text = stringify({ ...salt, config: Object.fromEntries(config) });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
