import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EngineEvent, PolicyEvent } from "@pulumi/pulumi/automation/events.js";
import { parse, stringify } from "yaml";
import { type Engine, openEngine, pulumi$ } from "../../local/engine.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { ensureToolchain } from "../../local/toolchain/index.js";

/** What a `pulumi` command did. */
export interface EngineRun {
  exitCode: number;
  /** What a person sees. */
  output: string;
  /** What policies reported. */
  policies: PolicyEvent[];
  events: EngineEvent[];
}

/** How a program is run. */
export interface RunArgs {
  /** The program, in plain JavaScript; see {@link PRELUDE} for what it may use. */
  program: string;
  /** The folder of the policy pack. */
  pack: string;
  /** What `--policy-pack-config` says. */
  config?: Record<string, unknown>;
  /** The stack's own configuration, by key. @default none */
  stackConfig?: Record<string, unknown>;
  /** `up` previews first, as a person's does. @default "preview" */
  command?: "preview" | "up" | "up --skip-preview";
}

/**
 * A Pulumi program that isn't ours: plain JavaScript, in a folder outside the repository, with the
 * Kubernetes SDK and an engine state of its own.
 */
export class OutsideProgram {
  #commands = 0;

  private constructor(
    /** A folder outside the repository that goes when the program goes. */
    readonly folder: string,
    readonly engine: Engine,
  ) {}

  /** The folder of Pulumi.yaml. */
  get project(): string {
    return path.join(this.folder, "program");
  }

  /** Writes the program, so that whoever runs Pulumi in the project runs it. */
  write(program: string): void {
    writeFileSync(
      path.join(this.project, "index.js"),
      `const { declare, k8s, later } = require("./prelude.js");\n${program}`,
    );
  }

  /** @param kubeconfig the cluster; @default one that doesn't answer */
  static async open(kubeconfig?: string): Promise<OutsideProgram> {
    const toolchain = await ensureToolchain(["pulumi", "provider", "nodejs-host"]);
    const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-outside-"));
    const nowhere = path.join(folder, "kubeconfig.yaml");
    writeFileSync(nowhere, UNREACHABLE);
    const engine = await openEngine(toolchain, path.join(folder, "engine"), kubeconfig ?? nowhere);
    const program = path.join(folder, "program");
    mkdirSync(program);
    writeFileSync(path.join(program, "Pulumi.yaml"), PROJECT);
    writeFileSync(path.join(program, "package.json"), '{ "name": "outside" }');
    writeFileSync(path.join(program, "prelude.js"), PRELUDE);
    // Its dependencies; a symbolic link, so that the SDK isn't installed twice.
    symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(program, "node_modules"));
    await pulumi$(engine, ["stack", "init", "dev"], { cwd: program });
    return new OutsideProgram(folder, engine);
  }

  async run(args: RunArgs): Promise<EngineRun> {
    const { program, pack, config = {}, stackConfig = {}, command = "preview" } = args;
    this.write(program);
    this.configure(stackConfig);
    const run = ++this.#commands;
    const log = path.join(this.folder, `events-${run}.jsonl`);
    const configFile = path.join(this.folder, `config-${run}.json`);
    writeFileSync(configFile, JSON.stringify(config));
    const { exitCode, all } = await this.#pulumi([
      ...command.split(" "),
      ...(command === "preview" ? [] : ["--yes"]),
      ...["--event-log", log, "--policy-pack", pack, "--policy-pack-config", configFile],
    ]);
    const events = readEvents(log);
    return {
      exitCode: exitCode ?? -1,
      output: String(all),
      policies: events.flatMap(({ policyEvent }) => policyEvent ?? []),
      events,
    };
  }

  /** Writes the stack's configuration, beside the salt that the engine left there. */
  configure(config: Record<string, unknown>): void {
    const file = path.join(this.project, "Pulumi.dev.yaml");
    const salted = parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    writeFileSync(file, stringify({ ...salted, config }));
  }

  /** URNs of what the engine keeps in the state, the stack itself left out. */
  async resources(): Promise<string[]> {
    const { stdout } = await this.#pulumi(["stack", "export"]);
    const { deployment } = JSON.parse(String(stdout)) as {
      deployment: { resources?: { urn: string; type: string }[] };
    };
    return (deployment.resources ?? [])
      .filter(({ type }) => type !== "pulumi:pulumi:Stack")
      .map(({ urn }) => urn);
  }

  /** Leaves nothing behind, in the cluster either. */
  async close(): Promise<void> {
    if ((await this.resources()).length > 0) {
      const { exitCode, all } = await this.#pulumi(["destroy", "--yes", "--skip-preview"]);
      if (exitCode !== 0) throw new Error(String(all));
    }
    rmSync(this.folder, { recursive: true });
  }

  #pulumi(args: string[]) {
    return pulumi$(this.engine, [...args, "-s", "dev", "--non-interactive"], {
      cwd: this.project,
      env: { PULUMI_DEBUG_COMMANDS: "true", NO_COLOR: "1" },
      reject: false,
      all: true,
      timeout: 120_000,
    });
  }
}

function readEvents(log: string): EngineEvent[] {
  const lines = readFileSync(log, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as EngineEvent);
}

const PROJECT = `
name: outside
main: index.js
runtime: { name: nodejs, options: { typescript: false } }
`;

/** `declare(object)` makes a resource of an object; `later()` a value that no preview knows. */
const PRELUDE = `
const k8s = require("@pulumi/kubernetes");
exports.k8s = k8s;
exports.later = () => new k8s.core.v1.Namespace("later", { metadata: { name: "later" } }).id;
exports.declare = ({ ...object }, name = object.metadata.name) => {
  const typed = { Service: k8s.core.v1.Service, Endpoints: k8s.core.v1.Endpoints }[object.kind];
  return typed
    ? new typed(name, object)
    : new k8s.apiextensions.CustomResource(name, object);
};
`;

/** A cluster that refuses connections. Without a token the provider would ask for a user name. */
const UNREACHABLE = `
apiVersion: v1
kind: Config
clusters: [{ name: none, cluster: { server: "https://127.0.0.1:9" } }]
users: [{ name: none, user: { token: none } }]
contexts: [{ name: none, context: { cluster: none, user: none } }]
current-context: none
`;
