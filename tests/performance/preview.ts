/**
 * What a preview of each stack with the full policy pack costs, against the smallest one there is; same
 * engine, provider and API server. They take turns, so that a machine that slows down slows all.
 *
 *   npm run bench -- --help
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { meshTools } from "../../cli/embedded.js";
import { buildPolicyPack, POLICY_PACK } from "../../cli/policy-pack.js";
import { type Engine, openEngine, openStack, pulumi$ } from "../../local/engine.js";
import { startPlane, stopPlane } from "../../local/plane.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { MAIN_PARTS, ensureToolchain } from "../../local/toolchain/index.js";
import { onTermination } from "../stack/termination.js";
import { type Condition, type Ratios, ratiosOf, ratioTable, type Turns } from "./ratios.js";
import { writeSmallest } from "./smallest.js";

const STACKS = ["dev", "staging", "prod"];

interface Options {
  warm: string;
  cold: string;
  compare?: string;
  write?: string;
}

/** Something that can be previewed: its engine, and the arguments of `pulumi`. */
interface Previewed {
  engine: Engine;
  project: string;
  args: string[];
}

const program = new Command("bench")
  .description("Times previews of each stack, in times of the smallest possible one's.")
  .option("--warm <turns>", "how often, with everything in the file cache", "7")
  .option("--cold <turns>", "how often, with nothing in it; drops it (root, or sudo)", "3")
  .option("--compare <file>", "ratios to compare with, such as docs/performance.json")
  .option("--write <file>", "writes the ratios down")
  .addHelpText("after", "\nReports, and never fails by a time. Markdown goes to standard output.")
  .action(bench);

async function bench({ warm, cold, compare, write }: Options): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-bench-"));
  const stateDir = path.join(folder, "plane");
  const cleanUp = async () => {
    await stopPlane(stateDir);
    rmSync(folder, { recursive: true, force: true });
  };
  const isClean = onTermination(cleanUp);
  try {
    const toolchain = await ensureToolchain(MAIN_PARTS);
    await buildPolicyPack();
    const plane = await startPlane({ stateDir, tools: meshTools(toolchain) });
    const open = (home: string) => openEngine(toolchain, path.join(folder, home), plane.kubeconfig);
    const smallest = writeSmallest(folder);
    const all = {
      smallest: await previewed(await open("small"), "smallest", smallest.program, smallest.pack),
    } as Record<string, Previewed>;
    const engine = await open("engine");
    for (const stack of STACKS)
      all[stack] = await previewed(engine, stack, REPOSITORY, POLICY_PACK);

    await turns(1, all, "warm"); // Warms the caches.
    const measured = {
      warm: await turns(Number(warm), all, "warm"),
      cold: await turns(Number(cold), all, "cold"),
    };
    const ratios = ratiosOf(measured);
    const before = compare && (JSON.parse(readFileSync(compare, "utf8")) as Ratios);
    console.log(ratioTable(measured, ratios, before || undefined));
    if (write) writeFileSync(write, `${JSON.stringify(ratios, undefined, 2)}\n`);
  } finally {
    await cleanUp();
    isClean();
  }
}

async function previewed(
  engine: Engine,
  stack: string,
  project: string,
  pack: string,
): Promise<Previewed> {
  const config = await openStack(engine, project, stack);
  const args = ["preview", "-s", stack, "--config-file", config, "--policy-pack", pack];
  return { engine, project, args: [...args, "--non-interactive"] };
}

/** So many turns of all of them, one after the other. */
async function turns(
  count: number,
  all: Record<string, Previewed>,
  condition: Condition,
): Promise<Turns> {
  const seconds = Object.fromEntries(Object.keys(all).map((name) => [name, [] as number[]]));
  for (let turn = 1; turn <= count; turn++) {
    for (const [name, { engine, project, args }] of Object.entries(all)) {
      if (condition === "cold") await dropFileCache();
      const started = performance.now();
      await pulumi$(engine, args, { cwd: project });
      seconds[name]!.push((performance.now() - started) / 1000);
      console.error(`${condition} ${turn}: ${name} ${seconds[name]!.at(-1)!.toFixed(2)} s`);
    }
  }
  const { smallest = [], ...stacks } = seconds;
  return { smallest, stacks };
}

/** Forgets what the machine has read from its disk, as a machine that was just started has. */
async function dropFileCache(): Promise<void> {
  const command = ["sysctl", "--quiet", "--write", "vm.drop_caches=1"];
  if (process.getuid?.() !== 0) command.unshift("sudo", "--non-interactive");
  const [program = "", ...args] = command;
  await execa(program, args);
}

void program.parseAsync();
