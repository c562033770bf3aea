import path from "node:path";
import { type Engine, openEngine, pulumi$ } from "../../local/engine.js";
import { planeStatus } from "../../local/plane.js";
import { requireProject, stacksIn } from "../../local/stack-file.js";
import { isClone } from "../../local/toolchain/cache.js";
import { ISTIO_VERSION, ensureToolchain } from "../../local/toolchain/index.js";
import { alone, openEmbeddedStack } from "../embedded.js";
import { inItsOwnTime } from "../interruption.js";
import { Mistake } from "../mistake.js";
import { ENGINE_STATE, PLANE_STATE } from "../state.js";

/** A Pulumi that knows the stacks of a project. */
export interface StackEngine {
  engine: Engine;
  /** The folder of Pulumi.yaml. */
  project: string;
  /** What a `pulumi` command needs to work on a stack. */
  selecting: (stack: string) => Promise<string[]>;
}

/**
 * The `pulumi` on the PATH, with the backend and the credentials that it has: a CI job's, a
 * person's.
 */
export function ambientEngine(project: string): StackEngine {
  const engine = {
    pulumi: "pulumi",
    home: project,
    environment: { PULUMI_SKIP_UPDATE_CHECK: "true" },
  };
  return { engine, project, selecting: (stack) => Promise.resolve(["-s", stack]) };
}

/** The embedded engine, on the embedded mesh where it is up, else on no cluster at all. */
async function embeddedEngine(project: string): Promise<StackEngine> {
  const toolchain = await ensureToolchain(["pulumi", "provider", "nodejs-host"]);
  const { plane } = await planeStatus(PLANE_STATE);
  const nowhere = path.join(ENGINE_STATE, "no-cluster");
  const engine = await openEngine(toolchain, ENGINE_STATE, plane?.kubeconfig ?? nowhere);
  const istio = plane?.istioVersion ?? ISTIO_VERSION;
  const selecting = async (stack: string) => [
    ...["-s", stack],
    ...["--config-file", await openEmbeddedStack(engine, stack, istio, project)],
  ];
  return { engine, project, selecting };
}

/**
 * Works with the engine that was chosen on the command line: with the embedded one while no other
 * command does.
 *
 * @throws {Mistake} if the folder isn't a project's, or the embedded engine can't be had
 */
export async function withEngine<T>(
  project: string,
  embedded: boolean | undefined,
  work: (on: StackEngine) => Promise<T>,
): Promise<T> {
  requireProject(project);
  if (embedded && !isClone()) {
    throw new Mistake(
      "--embedded builds its tools from the repository of istio-egress, which isn't here. " +
        "Install pulumi and leave it out, or run this in a clone.",
    );
  }
  if (embedded) return alone(async () => work(await embeddedEngine(project)));
  return work(ambientEngine(project));
}

/**
 * The stacks that have a configuration file in a project.
 *
 * @throws {Mistake} if it isn't a project, or has none
 */
export function stacksOf(project: string): string[] {
  requireProject(project);
  const stacks = stacksIn(project);
  if (stacks.length > 0) return stacks;
  throw new Mistake(`${project}: no Pulumi.<stack>.yaml here. Name the folder with --project.`);
}

/** How a `pulumi` command ended. */
export interface Ending {
  exitCode: number;
  stdout: string;
  /** All that a person would have seen. */
  output: string;
}

/**
 * Runs `pulumi` in the project without a prompt.
 *
 * @throws {Mistake} if there is no such program
 */
export async function runPulumi(
  { engine, project }: StackEngine,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ending> {
  const result = await inItsOwnTime(
    pulumi$(engine, [...args, "--non-interactive"], {
      cwd: project,
      // The engine writes its event log where this variable asks for it.
      env: { ...env, PULUMI_DEBUG_COMMANDS: "true", NO_COLOR: "1" },
      reject: false,
      all: true,
      stdin: "ignore",
      detached: true,
    }),
  );
  if (result.code === "ENOENT") {
    throw new Mistake(
      "there is no `pulumi` on the PATH. Install it; posture and pr-report have one with --embedded.",
    );
  }
  return {
    exitCode: result.exitCode ?? 1,
    stdout: String(result.stdout),
    output: String(result.all).trim(),
  };
}
