import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import type { Posture } from "../../cli/posture/row.js";
import { OutsideProgram } from "./outside-program.js";

/** What a command of a job came to. */
export interface JobRun {
  exitCode: number;
  stdout: string;
  /** All that stands in the job's log. */
  log: string;
  /** The report that was written; "" for none. */
  report: string;
}

/** What differs from a job that has all it needs, except for a cluster. */
export interface JobOptions {
  args?: string[];
  /** Environment variables besides Pulumi's own. */
  env?: Record<string, string>;
}

/**
 * A job of continuous integration for a Pulumi project: an installed `pulumi`, a backend of its own,
 * and no kubeconfig at all.
 */
export class CiJob {
  private constructor(readonly outside: OutsideProgram) {}

  static async open(): Promise<CiJob> {
    return new CiJob(await OutsideProgram.open());
  }

  /** `istio-egress pr-report -s dev` for a program. */
  async prReport(program: string, { args = [], env }: JobOptions = {}): Promise<JobRun> {
    this.outside.write(program);
    const file = path.join(this.outside.folder, "pr-report.md");
    rmSync(file, { force: true });
    const run = await this.run(["pr-report", "-s", "dev", "--out", file, ...args], env);
    return { ...run, report: existsSync(file) ? readFileSync(file, "utf8") : "" };
  }

  /** `istio-egress posture -s dev` for a program. */
  async posture(program: string, { args = [], env }: JobOptions = {}): Promise<Posture> {
    this.outside.write(program);
    const run = await this.run(["posture", "-s", "dev", "--format", "json", ...args], env);
    if (run.exitCode !== 0) throw new Error(run.log);
    return JSON.parse(run.stdout) as Posture;
  }

  /** `istio-egress upgrade -s dev` for a program. */
  upgrade(program: string, { args = [], env }: JobOptions = {}): Promise<JobRun> {
    this.outside.write(program);
    return this.run(["upgrade", "-s", "dev", ...args], env);
  }

  /** `pulumi` in the project. */
  pulumi(args: string[], env: Record<string, string> = {}) {
    return execa(this.outside.engine.pulumi, [...args, "--non-interactive"], {
      cwd: this.outside.project,
      env: { ...this.#environment, ...env },
      reject: false,
      all: true,
    });
  }

  close(): Promise<void> {
    return this.outside.close();
  }

  private async run(args: string[], env: Record<string, string> = {}): Promise<JobRun> {
    const launcher = path.join(REPOSITORY, "cli/launch.cjs");
    const { exitCode, stdout, all } = await execa("node", [launcher, ...args], {
      cwd: this.outside.project,
      env: { ...this.#environment, ...env },
      reject: false,
      all: true,
    });
    return { exitCode: exitCode ?? -1, stdout, log: all, report: "" };
  }

  get #environment(): Record<string, string> {
    const nowhere = path.join(this.outside.folder, "no-kubeconfig");
    return { ...this.outside.engine.environment, KUBECONFIG: nowhere, NO_COLOR: "1" };
  }
}

/** An alias with addresses outside, in JavaScript for a program. */
export const WIKIPEDIA = `
declare({ apiVersion: "v1", kind: "Service", metadata: { name: "my-wikipedia", namespace: "default" },
  spec: { ports: [{ name: "tls", port: 443 }] } });
declare({ apiVersion: "v1", kind: "Endpoints", metadata: { name: "my-wikipedia", namespace: "default" },
  subsets: [{ addresses: [{ ip: "198.35.26.96" }], ports: [{ name: "tls", port: 443 }] }] });
`;

/** A rule for that alias, in JavaScript for a program. `host` is an expression. */
export function wikipediaRule(
  mode: string,
  host = '"my-wikipedia.default.svc.cluster.local"',
  name = "my-wikipedia",
): string {
  return `declare({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule",
  metadata: { name: "${name}", namespace: "default" },
  spec: { host: ${host}, trafficPolicy: { tls: { mode: "${mode}" } } } }, "${name}-rule");
`;
}
