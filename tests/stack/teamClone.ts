import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { openEngine } from "../../local/engine.js";
import { cacheRoot, REPOSITORY } from "../../local/toolchain/cache.js";
import { ensureToolchain } from "../../local/toolchain/index.js";

/** How a command ended. */
export interface Ending {
  exitCode: number;
  /** What a person would have seen. */
  output: string;
}

/** Variables for a process; undefined takes one away. */
export type Variables = Record<string, string | undefined>;

/**
 * This repository as somebody else has it on a machine of theirs: a clone, installed, with their own
 * Pulumi on the PATH and their own home, and nothing of ours in the environment.
 */
export class TeamClone {
  private constructor(
    /** Holds the clone and whatever else is the person's; goes with it. */
    readonly folder: string,
    /** The clone. */
    readonly clone: string,
    readonly environment: Variables,
  ) {}

  /** @param stacks the stacks that this team has; the others' files aren't there. @default all */
  static async make(stacks?: readonly string[]): Promise<TeamClone> {
    const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-team-"));
    const clone = path.join(folder, "clone");
    await copyRepository(clone, stacks);
    const toolchain = await ensureToolchain(["pulumi", "provider", "nodejs-host"]);
    // Installs the provider's plugin where Pulumi looks for it.
    const { environment } = await openEngine(toolchain, path.join(folder, "unused"), "");
    const { PATH, PULUMI_HOME } = environment;
    return new TeamClone(folder, clone, {
      PATH,
      PULUMI_HOME,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      HOME: folder,
      NO_COLOR: "1",
      CI: "true",
      ...GIT_IDENTITY,
      // Their home is new, but this machine has the tools.
      ISTIO_EGRESS_CACHE: cacheRoot(),
      ...passedOn(["TMPDIR", "LANG"]),
    });
  }

  /** Runs a command line as it is typed into a shell in the clone. */
  async run(command: string, environment: Variables = {}): Promise<Ending> {
    return this.bash(["-c", command], environment);
  }

  /** Runs bash with arguments. */
  async bash(args: string[], environment: Variables = {}, cwd = this.clone): Promise<Ending> {
    const { exitCode, all } = await execa("bash", args, {
      cwd,
      env: { ...this.environment, ...environment },
      extendEnv: false,
      reject: false,
      all: true,
      stdin: "ignore",
      // For a machine that is busy with other things.
      timeout: 300_000,
    });
    return { exitCode: exitCode ?? -1, output: all };
  }

  /** As {@link run}; a command that must succeed. */
  async done(command: string, environment: Variables = {}): Promise<string> {
    const { exitCode, output } = await this.run(command, environment);
    if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}:\n${output}`);
    return output;
  }

  /** Changes a file of the clone. */
  edit(file: string, change: (text: string) => string): void {
    const where = path.join(this.clone, file);
    writeFileSync(where, change(existsSync(where) ? readFileSync(where, "utf8") : ""));
  }

  async commit(message: string): Promise<void> {
    await this.done(`git add --all && git commit --quiet --message="${message}"`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const GIT_IDENTITY = {
  GIT_AUTHOR_NAME: "a person",
  GIT_AUTHOR_EMAIL: "person@example.org",
  GIT_COMMITTER_NAME: "a person",
  GIT_COMMITTER_EMAIL: "person@example.org",
};

function passedOn(names: readonly string[]): Variables {
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** A repository of one commit: the files as they are here now, committed or not. */
async function copyRepository(clone: string, stacks?: readonly string[]): Promise<void> {
  const listing = await execa(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: REPOSITORY },
  );
  const isWanted = (file: string) => {
    const stack = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
    return stack === undefined || stacks === undefined || stacks.includes(stack);
  };
  for (const file of new Set(listing.stdout.split("\0"))) {
    const from = path.join(REPOSITORY, file);
    if (file === "" || !existsSync(from) || !isWanted(file)) continue;
    const to = path.join(clone, file);
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
  linkPackages(path.join(clone, "node_modules"));
  const git = (...args: string[]) =>
    execa("git", args, { cwd: clone, env: { ...GIT_IDENTITY, HOME: clone } });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message=The base");
}

/**
 * What `npm ci` would install, so that it isn't installed for every test: a link for each package, not
 * one for all, which an `npm ci` here would follow and empty.
 */
function linkPackages(folder: string): void {
  mkdirSync(folder);
  const installed = path.join(REPOSITORY, "node_modules");
  for (const name of readdirSync(installed)) {
    symlinkSync(path.join(installed, name), path.join(folder, name));
  }
}
