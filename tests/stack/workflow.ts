import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import type { TeamClone, Ending, Variables } from "./teamClone.js";

/** A workflow file, as far as its scripts go. */
interface Workflow {
  env?: Record<string, string>;
  jobs: Record<string, Job>;
}

interface Job {
  uses?: string;
  env?: Record<string, string>;
  permissions?: Record<string, string>;
  steps?: Step[];
}

interface Step {
  name?: string;
  uses?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
  run?: string;
}

const WORKFLOWS = path.join(REPOSITORY, ".github/workflows");

function readWorkflow(file: string): Workflow {
  return parse(readFileSync(path.join(WORKFLOWS, file), "utf8")) as Workflow;
}

/** What one run of a workflow has: `secrets.X`, `github.token`, `inputs.stack`, by expression. */
export type Expressions = Record<string, string>;

/**
 * A machine of the forge that runs one job of a workflow: its scripts exactly as they are in the file,
 * each by the shell, with the variables and the files that the forge gives it.
 */
export class JobRun {
  /** What has been appended to GITHUB_ENV: each later step has it. */
  readonly #exported: Variables = {};
  /** The folder that the forge gives a job for what needn't last. */
  readonly temporary: string;

  private constructor(
    readonly team: TeamClone,
    readonly workflow: Workflow,
    readonly job: Job,
    readonly expressions: Expressions,
    /** Where the steps run. @default the clone */
    readonly workspace = team.clone,
  ) {
    this.temporary = mkdtempSync(path.join(team.folder, "runner-"));
  }

  /** A job of a workflow file. */
  static of(
    file: string,
    job: string,
    team: TeamClone,
    expressions: Expressions,
    workspace?: string,
  ): JobRun {
    const workflow = readWorkflow(file);
    return new JobRun(team, workflow, workflow.jobs[job]!, expressions, workspace);
  }

  /** Runs one step after the other, as far as they succeed. */
  async inOrder(...steps: string[]): Promise<Ending> {
    let ending: Ending = { exitCode: 0, output: "" };
    for (const step of steps) {
      ending = await this.run(step);
      if (ending.exitCode !== 0) break;
    }
    return ending;
  }

  /** The environment that a step's script runs in. */
  environmentOf(step: Step): Variables {
    const written = { ...this.workflow.env, ...this.job.env, ...this.#exported, ...step.env };
    return {
      GITHUB_ACTIONS: "true",
      RUNNER_TEMP: this.temporary,
      GITHUB_ENV: path.join(this.temporary, "env"),
      GITHUB_OUTPUT: path.join(this.temporary, "output"),
      GITHUB_STEP_SUMMARY: path.join(this.temporary, "summary.md"),
      ...Object.fromEntries(
        Object.entries(written).map(([key, value]) => [key, this.#evaluated(value)]),
      ),
    };
  }

  /** What the steps so far have shown people. */
  get summary(): string {
    const file = path.join(this.temporary, "summary.md");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Runs the step of that name. */
  async run(name: string, more: Variables = {}): Promise<Ending> {
    const step = this.job.steps?.find((candidate) => candidate.name === name);
    if (step?.run === undefined) throw new Error(`no step "${name}" with a script in this job`);
    const script = path.join(this.temporary, "script.sh");
    writeFileSync(script, step.run);
    mkdirSync(this.workspace, { recursive: true });
    const environment = { ...this.environmentOf(step), ...more };
    // The forge's own command line for `shell: bash`.
    const args = ["--noprofile", "--norc", "-eo", "pipefail", script];
    const ending = await this.team.bash(args, environment, this.workspace);
    this.#takeExports();
    return ending;
  }

  #evaluated(value: unknown): string {
    return String(value).replace(/\$\{\{\s*(.+?)\s*\}\}/g, (_, expression: string) => {
      const known = this.expressions[expression];
      if (known !== undefined) return known;
      // A secret that nobody has set is empty; anything else must be one that the test knows.
      if (expression.startsWith("secrets.")) return "";
      throw new Error(`this test gives no value for \${{ ${expression} }}`);
    });
  }

  #takeExports(): void {
    const file = path.join(this.temporary, "env");
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").trim().split("\n")) {
      const [name = "", ...value] = line.split("=");
      this.#exported[name] = value.join("=");
    }
  }
}
