/** Plain `pulumi up` that is killed, and the steps that docs/shared-state.md names for it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { stringify } from "yaml";
import { CATALOGUE_KEY } from "../../../catalogue/catalogue.js";
import { soundState } from "../../../local/engine-state.js";
import { type Engine, openEngine, openStack, pulumi$ } from "../../../local/engine.js";
import { runningProcesses, stopProcesses } from "../../../local/processes.js";
import { REPOSITORY } from "../../../local/toolchain/cache.js";
import type { TestPlane } from "../sharedPlane.js";
import type { TestCatalogue } from "../testStack.js";
import { treeOf } from "./processes.js";

/** A stack `dev` in an engine of its own. */
export class PlainStack {
  private constructor(
    readonly engine: Engine,
    readonly config: string,
  ) {}

  static async open(on: TestPlane, catalogue: TestCatalogue): Promise<PlainStack> {
    const home = path.join(on.folder, "plain");
    const project = path.join(home, "project");
    mkdirSync(project, { recursive: true });
    writeFileSync(
      path.join(project, "Pulumi.yaml"),
      readFileSync(path.join(REPOSITORY, "Pulumi.yaml")),
    );
    const config = { config: { [CATALOGUE_KEY]: catalogue } };
    writeFileSync(path.join(project, "Pulumi.dev.yaml"), stringify(config));
    const engine = await openEngine(on.toolchain, home, on.plane.kubeconfig);
    return new PlainStack(engine, await openStack(engine, project, "dev"));
  }

  /** Begins an update, and kills it with all that it has started. @returns whether it still ran */
  async killedUp(seconds: number): Promise<boolean> {
    const update = execa(this.engine.pulumi, this.#on("up", "--yes", "--skip-preview"), {
      cwd: REPOSITORY,
      env: { ...this.engine.environment },
      reject: false,
      all: true,
    });
    let ran = true;
    void update.then(() => (ran = false));
    await sleep(seconds * 1000);
    const stillRan = ran;
    if (ran) for (const pid of treeOf(update.pid as number)) killed(pid);
    await update;
    await stopProcesses(this.engine.home, runningProcesses(this.engine.home));
    return stillRan;
  }

  /** Types a command. @returns what it said, where it failed */
  async type(command: string, ...args: string[]): Promise<string | undefined> {
    const typed = command === "cancel" ? [command, ...args, "dev"] : this.#on(command, ...args);
    const { failed, all } = await pulumi$(this.engine, typed, {
      cwd: REPOSITORY,
      reject: false,
      all: true,
    });
    return failed ? String(all) : undefined;
  }

  /** What the state says is still under way. */
  pending(): number {
    return soundState(this.engine.home, "istio-egress", "dev")?.pending.length ?? 0;
  }

  #on(command: string, ...args: string[]): string[] {
    return [command, "-s", "dev", "--config-file", this.config, "--non-interactive", ...args];
  }
}

function killed(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
