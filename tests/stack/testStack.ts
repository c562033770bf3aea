import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { parse, stringify } from "yaml";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { type Engine, openEngine, openStack, pulumi$ } from "../../local/engine.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import type { TestPlane } from "./sharedPlane.js";

/** What one `pulumi` command did, as the engine tells it. */
export interface Run {
  exitCode: number;
  /** What a person sees. */
  output: string;
  /** Resources that aren't left as they are: `update Service my-alias-service: spec.ports`; sorted. */
  changes: string[];
  /** Messages of severity error, without colour. */
  errors: string[];
  events: EngineEvent[];
}

/** What a stack is made of. */
export interface TestStackOptions {
  /** The cluster; its plane's, unless a kubeconfig says otherwise. */
  on: TestPlane;
  /** Where the engine keeps the state. @default a folder of the plane's */
  home?: string;
  kubeconfig?: string;
  /** The folder of the program. @default this repository's */
  program?: string;
  /** @default "dev" */
  name?: string;
  /** Configuration beside the catalogue. @default none */
  config?: Record<string, unknown>;
  /** Folders of policy packs that every preview and up loads. @default none */
  policyPacks?: string[];
}

let count = 0;
/** Several may work on one engine's state. */
let commands = 0;

/** A Pulumi stack with a catalogue and an engine state of its own. */
export class TestStack {
  private constructor(
    readonly engine: Engine,
    readonly options: TestStackOptions,
  ) {}

  static async open(options: TestStackOptions): Promise<TestStack> {
    const home = options.home ?? path.join(options.on.folder, `engine-${++count}`);
    const kubeconfig = options.kubeconfig ?? options.on.plane.kubeconfig;
    return new TestStack(await openEngine(options.on.toolchain, home, kubeconfig), options);
  }

  preview(catalogue: unknown): Promise<Run> {
    return this.#run("preview", catalogue, this.#packs);
  }

  up(catalogue: unknown): Promise<Run> {
    return this.#run("up", catalogue, ["--yes", "--skip-preview", ...this.#packs]);
  }

  /** As `up`, previewing first as a person's does. */
  previewAndUp(catalogue: unknown): Promise<Run> {
    return this.#run("up", catalogue, ["--yes", ...this.#packs]);
  }

  refresh(catalogue: unknown): Promise<Run> {
    return this.#run("refresh", catalogue, ["--yes", "--skip-preview"]);
  }

  destroy(): Promise<Run> {
    return this.#run("destroy", {}, ["--yes", "--skip-preview"]);
  }

  /** Puts a state in the place of the stack's own, as `pulumi stack import` does. */
  async importState(resources: readonly object[], catalogue: unknown): Promise<void> {
    await openStack(this.engine, this.#project(catalogue), this.#name);
    const file = path.join(this.engine.home, "state.json");
    writeFileSync(file, JSON.stringify({ version: 3, deployment: { resources } }));
    const { all, failed } = await this.#pulumi([
      ...["stack", "import", "-s", this.#name, "--file", file],
    ]);
    if (failed) throw new Error(String(all));
  }

  /** Leaves nothing behind, whatever happened before. @throws when something can't be destroyed */
  async close(): Promise<void> {
    if ((await this.resources()).length > 0) {
      const run = await this.destroy();
      if (run.exitCode !== 0) throw new Error(run.output);
    }
    rmSync(this.engine.home, { recursive: true });
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.#pulumi(["stack", "output", "--json", "-s", this.#name]);
    return JSON.parse(String(stdout)) as Record<string, unknown>;
  }

  /** URNs of everything in the state, the stack itself left out. */
  async resources(): Promise<string[]> {
    return (await this.state())
      .filter(({ type }) => type !== "pulumi:pulumi:Stack")
      .map(({ urn }) => urn);
  }

  /** Everything in the state, as `pulumi stack export` has it. */
  async state(): Promise<{ urn: string; type: string; outputs?: object }[]> {
    const { stdout } = await this.#pulumi(["stack", "export", "-s", this.#name]);
    const { deployment } = JSON.parse(String(stdout)) as {
      deployment: { resources?: { urn: string; type: string; outputs?: object }[] };
    };
    return deployment.resources ?? [];
  }

  get #name(): string {
    return this.options.name ?? "dev";
  }

  get #program(): string {
    return this.options.program ?? REPOSITORY;
  }

  get #packs(): string[] {
    return (this.options.policyPacks ?? []).flatMap((folder) => ["--policy-pack", folder]);
  }

  #pulumi(args: string[]) {
    const env = { PULUMI_DEBUG_COMMANDS: "true", NO_COLOR: "1" };
    return pulumi$(this.engine, args, { cwd: this.#program, env, reject: false, all: true });
  }

  async #run(command: string, catalogue: unknown, args: string[]): Promise<Run> {
    const config = await openStack(this.engine, this.#project(catalogue), this.#name);
    const log = path.join(this.engine.home, `events-${++commands}.jsonl`);
    const common = ["-s", this.#name, "--config-file", config, "--event-log", log];
    const { exitCode, all } = await this.#pulumi([
      command,
      "--non-interactive",
      ...common,
      ...args,
    ]);
    const events = readEvents(log);
    return {
      exitCode: exitCode ?? -1,
      output: String(all),
      changes: changesIn(events),
      errors: events.flatMap(({ diagnosticEvent }) =>
        diagnosticEvent?.severity === "error" ? [plain(diagnosticEvent.message)] : [],
      ),
      events,
    };
  }

  /** A folder with the program's project file and the stack's own configuration. */
  #project(catalogue: unknown): string {
    const folder = path.join(this.engine.home, "project");
    mkdirSync(folder, { recursive: true });
    const project = readFileSync(path.join(this.#program, "Pulumi.yaml"));
    writeFileSync(path.join(folder, "Pulumi.yaml"), project);
    const config = { config: { ...this.options.config, [CATALOGUE_KEY]: catalogue } };
    writeFileSync(path.join(folder, `Pulumi.${this.#name}.yaml`), stringify(config));
    return folder;
  }
}

/** The catalogue of one of this repository's stacks, to be changed freely. */
export function catalogueOf(stack: string): TestCatalogue {
  const file = path.join(REPOSITORY, `Pulumi.${stack}.yaml`);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, TestCatalogue> };
  return config[CATALOGUE_KEY]!;
}

/** A catalogue as it is written, with room for what isn't allowed. */
export interface TestCatalogue {
  mesh: Record<string, unknown>;
  clients: Record<string, unknown>[];
  aliases: Record<string, unknown>[];
}

function readEvents(log: string): EngineEvent[] {
  const lines = readFileSync(log, "utf8").trim().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as EngineEvent);
}

/** What the engine decided for each resource before a step; and after it, which is when a refresh knows. */
function changesIn(events: readonly EngineEvent[]): string[] {
  const steps = events.flatMap(
    ({ resourcePreEvent, resOutputsEvent }) =>
      (resourcePreEvent ?? resOutputsEvent)?.metadata ?? [],
  );
  const changes = steps
    .filter(({ op, type }) => !SILENT.has(op) && !type.startsWith("pulumi:"))
    .map(({ op, urn, type, detailedDiff }) => {
      const change = `${op} ${type.split(":").at(-1)} ${urn.split("::").at(-1)}`;
      const paths = Object.keys(detailedDiff ?? {}).sort();
      return paths.length === 0 ? change : `${change}: ${paths.join(", ")}`;
    });
  return [...new Set(changes)].sort();
}

/** Steps that change nothing, or are parts of a replacement. */
const SILENT = new Set(["same", "refresh", "read", "create-replacement", "delete-replaced"]);

function plain(message: string): string {
  // The engine writes colours as tags: <{%reset%}>.
  return message.replace(/<\{%[^%]*%\}>/g, "").trim();
}
