/** A clone whose commands are killed, and what must be true after the same command again. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { CATALOGUE_KEY } from "../../../catalogue/catalogue.js";
import { soundState } from "../../../local/engine-state.js";
import { runningProcesses } from "../../../local/processes.js";
import { eventually } from "../../local/eventually.js";
import { Checkout } from "../checkout.js";
import type { Snapshot } from "../snapshot.js";
import type { TestCatalogue } from "../testStack.js";
import { AFTER, BEFORE } from "./catalogues.js";
import { madeObjects } from "./objects.js";
import type { Phase, Point } from "./points.js";
import { kill, treeOf } from "./processes.js";

/** What a command said, and how long it took. */
interface Run {
  /** The process has ended by itself or by a signal. */
  ended: boolean;
  code: number | null;
  output: string;
  seconds: number;
}

/** What became of a point. */
export interface Healing {
  point: Point;
  /** Whether the command was still running when it was to be killed. */
  wasKilled: boolean;
  /** What isn't as it must be after the same command again; empty where all is well. */
  wrong: string[];
  /** What both commands said. */
  output: string;
  seconds: number;
}

export class FaultyLife {
  readonly checkout = new Checkout();
  readonly #temporary = this.checkout.file("tmp");
  #catalogue = BEFORE;
  /** Seconds that each phase takes when it is left alone. */
  readonly #usual = new Map<Phase, number>();
  /** What a cluster has after each catalogue came up from nothing. */
  readonly #fresh = new Map<TestCatalogue, Snapshot>();

  /** Measures a life without a fault. */
  async measure(): Promise<void> {
    mkdirSync(this.#temporary);
    for (const catalogue of [AFTER, BEFORE]) {
      this.#declare(catalogue);
      this.#usual.set("first up", await this.#undisturbed("up"));
      this.#fresh.set(catalogue, await this.#objects());
      if (catalogue === AFTER) this.#usual.set("down", await this.#undisturbed("down"));
    }
    this.#declare(AFTER);
    this.#usual.set("change", await this.#undisturbed("up"));
    assert.deepEqual(await this.#objects(), this.#fresh.get(AFTER));
    this.#usual.set("down", await this.#undisturbed("down"));
  }

  /** Kills a command, and types the same again. */
  async suffer(point: Point): Promise<Healing> {
    const started = Date.now();
    await this.#prepare(point.phase);
    const command = point.phase === "down" ? "down" : "up";
    const killed = await this.#run(command, point);
    const again = await this.#run(command);
    const wrong = [
      ...(again.code === 0 ? [] : [`the same command again ends with ${again.code}`]),
      ...(command === "up" ? await this.#wrongAfterUp(again) : this.#wrongAfterDown()),
      ...this.#wrongWithFolders(point),
    ];
    const output = `--- killed ---\n${killed.output}\n--- again ---\n${again.output}`;
    const seconds = (Date.now() - started) / 1000;
    return { point, wasKilled: !killed.ended, wrong, output, seconds };
  }

  async remove(): Promise<void> {
    await this.checkout.remove();
  }

  /** What must be there before a phase; mostly the phase before has left it so. */
  async #prepare(phase: Phase): Promise<void> {
    const isUp = existsSync(this.checkout.file(".state"));
    if (phase === "first up") {
      if (isUp) await this.#undisturbed("down");
      this.#declare(BEFORE);
      return;
    }
    if (!isUp) await this.#undisturbed("up");
    if (phase === "change") this.#declare(this.#catalogue === BEFORE ? AFTER : BEFORE);
  }

  #declare(catalogue: TestCatalogue): void {
    this.#catalogue = catalogue;
    const config = { config: { [CATALOGUE_KEY]: catalogue } };
    writeFileSync(this.checkout.file("Pulumi.dev.yaml"), stringify(config));
  }

  async #undisturbed(command: "up" | "down"): Promise<number> {
    const { code, output, seconds } = await this.#run(command);
    assert.equal(code, 0, output);
    return seconds;
  }

  /** Runs a command as a person types it, until it is killed or ends. */
  async #run(command: "up" | "down", point?: Point): Promise<Run> {
    const started = Date.now();
    const child = spawn("npm", ["run", "--silent", command], {
      cwd: this.checkout.folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", TMPDIR: this.#temporary },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
    let ended = true;
    if (point) {
      const delay = point.at * (this.#usual.get(point.phase) ?? 10) * 1000;
      ended = await Promise.race([exit.then(() => true), sleep(delay).then(() => false)]);
      if (!ended) await this.#end(child.pid as number, point, exit);
    }
    const code = await exit;
    // Whoever still holds the other end has nothing to do with how this command ended.
    child.stdout.destroy();
    child.stderr.destroy();
    return { ended, code, output, seconds: (Date.now() - started) / 1000 };
  }

  /** The person waits for the prompt, and after a killing for nothing. */
  async #end(first: number, { victims, signal }: Point, exit: Promise<unknown>): Promise<void> {
    const tree = treeOf(first);
    kill(first, victims, signal);
    if (victims === "cli") return;
    await exit;
    // Those that have got the signal have all the time that they want before the command is typed again.
    if (signal === "SIGKILL" || victims === "first") return;
    while (tree.slice(1, 3).some((pid) => existsSync(`/proc/${pid}`))) await sleep(50);
  }

  /** A definition that was just made isn't served yet. */
  #objects(): Promise<Snapshot> {
    return eventually(async () => madeObjects((await this.checkout.plane()).kubeconfig));
  }

  async #wrongAfterUp({ output }: Run): Promise<string[]> {
    if (!/^All \d+ are as Pulumi\.dev\.yaml declares\.$/m.test(output)) return ["verify differs"];
    const wrong: string[] = [];
    try {
      assert.deepEqual(await this.#objects(), this.#fresh.get(this.#catalogue));
    } catch (error) {
      wrong.push(`the cluster isn't as a first up leaves it: ${(error as Error).message}`);
    }
    const home = this.checkout.file(".state/engine");
    const { pending = [] } = soundState(home, "istio-egress", "dev") ?? {};
    if (pending.length > 0) wrong.push(`${pending.length} pending operations`);
    return [...wrong, ...this.#leftovers()];
  }

  #wrongAfterDown(): string[] {
    const left = runningProcesses(this.checkout.planeState);
    return [
      ...(existsSync(this.checkout.file(".state")) ? ["the state folder is left"] : []),
      ...left.map(({ name, pid }) => `${name} (${pid}) still runs`),
      ...this.#leftovers(),
    ];
  }

  #leftovers(): string[] {
    const home = this.checkout.file(".state/engine");
    const locks = path.join(home, "backend/.pulumi/locks/organization/istio-egress/dev");
    return [
      ...runningProcesses(home).map(({ command }) => `still runs: ${command.join(" ")}`),
      ...(existsSync(locks) ? readdirSync(locks).map((name) => `lock ${name} is left`) : []),
    ];
  }

  /** A killed process can't tidy up; one that is asked to end does. */
  #wrongWithFolders({ signal }: Point): string[] {
    const left = readdirSync(this.#temporary).filter((name) => name.startsWith("istio-egress-"));
    for (const name of left) rmSync(path.join(this.#temporary, name), { recursive: true });
    return signal === "SIGKILL" ? [] : left.map((name) => `temporary folder ${name} is left`);
  }
}
