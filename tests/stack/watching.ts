import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { freePorts } from "../../local/ports.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";

/** What a watch tells, as far as the tests read it. */
export interface Line {
  state: string;
  alias: string;
  rule?: string;
}

/** `istio-egress judge --kube --watch` as a process, and what it has told so far. */
export class Watching {
  readonly lines: Line[] = [];
  /** What it has said on standard error. */
  notes = "";

  private constructor(
    readonly child: ChildProcess,
    private readonly metricsPort: number,
  ) {
    createInterface({ input: child.stdout! }).on("line", (line) =>
      this.lines.push(JSON.parse(line) as Line),
    );
    child.stderr!.on("data", (data: Buffer) => (this.notes += data.toString()));
  }

  /** Starts it, and waits until everything has been judged. */
  static async start(kubeconfig: string, patience = 60_000): Promise<Watching> {
    const [port = 0] = await freePorts(1);
    const args = ["judge", "--kube", "--watch", "--json", "--events", "--metrics-port", `${port}`];
    const child = spawn(process.execPath, ["cli/launch.cjs", ...args, "--kubeconfig", kubeconfig], {
      cwd: REPOSITORY,
    });
    const watching = new Watching(child, port);
    await watching.until(() => watching.notes.includes("note: watching "), patience);
    return watching;
  }

  stop(): void {
    this.child.kill("SIGKILL");
  }

  /**
   * Waits for a line.
   * @param rule `namespace/name`
   * @returns milliseconds that it took
   */
  async told(state: string, rule: string): Promise<number> {
    const start = performance.now();
    await this.until(() => this.lines.some((line) => line.state === state && line.rule === rule));
    return performance.now() - start;
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
  }

  /** The status that `/healthz` answers with. */
  async health(): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.metricsPort}/healthz`)).status;
  }

  private async until(isSo: () => boolean, patience = 30_000): Promise<void> {
    const deadline = performance.now() + patience;
    while (!isSo()) {
      assert.equal(this.child.exitCode, null, `it has ended:\n${this.notes}`);
      assert.ok(performance.now() < deadline, `not within ${patience} ms:\n${this.notes}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}
