import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { type Engine, openEngine } from "../../local/engine.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import type { Ending } from "./teamClone.js";
import type { TestPlane } from "./sharedPlane.js";
import type { StateServer } from "./stateServers.js";

const FILES = {
  "Pulumi.yaml":
    "name: shared\nmain: index.js\nruntime: { name: nodejs, options: { typescript: false } }\n",
  "package.json": '{ "name": "shared", "version": "1.0.0" }',
  // The second object waits for the gate, in an update alone.
  "index.js": `
const { existsSync } = require("node:fs");
const { runtime } = require("@pulumi/pulumi");
const { ConfigMap } = require("@pulumi/kubernetes/core/v1/configMap.js");
const metadata = (name) => ({ name, namespace: "default" });
const open = async () => {
  const isShut = () => !runtime.isDryRun() && !existsSync(process.env.GATE);
  while (isShut()) await new Promise((resolve) => setTimeout(resolve, 50));
  return "open";
};
const first = new ConfigMap("first", { metadata: metadata("shared-first") });
new ConfigMap("second", { metadata: metadata("shared-second"), data: { gate: first.id.apply(open) } });
`,
};

/**
 * A stack whose state is on a server, and the machines of a team that work on it. Its update stops in
 * the middle, between two objects, until its gate is opened.
 */
export class SharedStack {
  readonly #gate: string;

  private constructor(
    readonly folder: string,
    readonly engine: Engine,
    readonly server: StateServer,
  ) {
    this.#gate = path.join(folder, "gate");
  }

  static async open(on: TestPlane, server: StateServer): Promise<SharedStack> {
    const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-shared-"));
    const engine = await openEngine(on.toolchain, path.join(folder, "engine"), on.plane.kubeconfig);
    const stack = new SharedStack(folder, engine, server);
    const project = stack.#machine("one");
    mkdirSync(project);
    for (const [file, text] of Object.entries(FILES)) writeFileSync(path.join(project, file), text);
    await stack.done("one", "stack", "init", "dev");
    // Another clone of the same repository, with the stack's salt.
    cpSync(project, stack.#machine("other"), { recursive: true });
    for (const machine of ["one", "other"]) {
      const modules = path.join(stack.#machine(machine), "node_modules");
      symlinkSync(path.join(REPOSITORY, "node_modules"), modules);
    }
    return stack;
  }

  /** The same stack, by another way to its state. */
  through(server: StateServer): SharedStack {
    return new SharedStack(this.folder, this.engine, server);
  }

  openGate(): void {
    writeFileSync(this.#gate, "");
  }

  closeGate(): void {
    rmSync(this.#gate, { force: true });
  }

  /** Starts `pulumi` on a machine, in a process group of its own, so that it can be killed whole. */
  start(machine: string, ...args: string[]) {
    return execa(this.engine.pulumi, [...args, "--non-interactive"], {
      cwd: this.#machine(machine),
      env: {
        ...this.engine.environment,
        ...this.server.environment,
        PULUMI_BACKEND_URL: this.server.url,
        GATE: this.#gate,
        NO_COLOR: "1",
      },
      detached: true,
      stdin: "ignore",
      timeout: 240_000,
      reject: false,
      all: true,
    });
  }

  async run(machine: string, ...args: string[]): Promise<Ending> {
    const { exitCode, all } = await this.start(machine, ...args);
    return { exitCode: exitCode ?? -1, output: all };
  }

  /** As {@link run}; a command that must succeed. */
  async done(machine: string, ...args: string[]): Promise<string> {
    const { exitCode, output } = await this.run(machine, ...args);
    if (exitCode !== 0)
      throw new Error(`pulumi ${args.join(" ")} ended with ${exitCode}:\n${output}`);
    return output;
  }

  /** The names of what the state has, sorted. */
  async resources(machine: string): Promise<string[]> {
    const { deployment } = JSON.parse(await this.done(machine, "stack", "export", "-s", "dev")) as {
      deployment: { resources?: { urn: string; type: string }[] };
    };
    return (deployment.resources ?? [])
      .filter(({ type }) => !type.startsWith("pulumi:"))
      .map(({ urn }) => urn.split("::").at(-1)!)
      .sort();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #machine(name: string): string {
    return path.join(this.folder, name);
  }
}

/** Ends a run and all that it has started, as a machine that goes away does. */
export async function kill(run: ReturnType<SharedStack["start"]>): Promise<void> {
  process.kill(-run.pid!, "SIGKILL");
  await run;
}
