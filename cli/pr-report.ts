import { accessSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { visible } from "../mesh/index.js";
import { readInput } from "./input/files.js";
import { ExitCode, isMistake, Mistake, mistakeText } from "./mistake.js";
import { readPosture } from "./posture/json.js";
import type { Posture } from "./posture/row.js";
import { type Context, postureOfSeen, seenInPreview, seenInState } from "./posture/seen.js";
import {
  failedOutcome,
  outcomeOf,
  type Result,
  type StackOutcome,
  withUpgrade,
} from "./pr-report/outcome.js";
import { isBlocking, renderReport, type Strictness, verdictLine } from "./pr-report/render.js";
import { type StackEngine, stacksOf, withEngine } from "./stack/engine.js";
import { type PackChoice, preparePack, previewStack } from "./stack/preview.js";

interface ReportOptions extends PackChoice, Strictness {
  stack?: string[];
  out: string;
  base?: string;
  project: string;
  embedded?: boolean;
}

const HELP = `
Examples:
  istio-egress pr-report                                  every stack, into pr-report.md
  istio-egress pr-report -s dev -s staging --out comment.md
  istio-egress pr-report --base base/                     against base/<stack>.json
  istio-egress pr-report --embedded                       with the embedded engine

Previews each stack with the policy pack and writes one Markdown file, whatever happens: also when a
policy is violated, the program is broken or the backend can't be reached. Its first line is
<!-- istio-egress:pr-report -->, by which a workflow finds its comment and changes it in place. It
is never longer than a comment may be (65,536 characters); what is left out is said.

It runs the pulumi on the PATH, with the backend (PULUMI_BACKEND_URL or a login), the passphrase and
the cluster that it is given. It needs no cluster: without one it says what it couldn't know.

The posture is compared with what the stack's last update left; with --base FOLDER with the postures
of the base branch, one file a stack:  istio-egress posture -s dev --format json > FOLDER/dev.json

Exit codes, for the worst of the stacks:
  0  nothing stands in the way
  1  a mandatory policy is violated, or calls break as istiod is upgraded to the version that the
     change names
  2  a preview failed, so nobody knows
  3  something couldn't be decided (0 with --allow-undecided)`;

/** `istio-egress pr-report`: what a change does to each stack, as one comment. */
export function command(): Command {
  return new Command("pr-report")
    .option("-s, --stack <name>", "a stack, repeatable; by default each Pulumi.<stack>.yaml", more)
    .option("-o, --out <file>", "where to write it", "pr-report.md")
    .option("--base <folder>", "the base branch's postures, as <stack>.json")
    .option("--allow-undecided", "what couldn't be decided doesn't stand in the way")
    .option("--project <folder>", "the folder of Pulumi.yaml", ".")
    .option("--policy-pack <folder>", "instead of this package's own")
    .option("--policy-pack-config <file>", "the pack's configuration: waivers, clients, levels")
    .option("--embedded", "the embedded engine, not the pulumi on the PATH")
    .addHelpText("after", HELP)
    .action(async (given: ReportOptions) => {
      process.exitCode = await report(given);
    });
}

function more(name: string, names: string[] = []): string[] {
  return [...names, name];
}

async function report(given: ReportOptions): Promise<ExitCode> {
  requireWritable(given.out);
  const outcomes = await outcomesOf(given);
  writeFileSync(given.out, `${renderReport(outcomes, given)}\n`);
  const verdict = verdictLine(outcomes, given, visible).replaceAll("**", "");
  console.log(`${verdict} See ${given.out}.`);
  const blocking = outcomes.map(({ result }) => result).filter((one) => isBlocking(one, given));
  return EXIT_CODES.find(([result]) => blocking.includes(result))?.[1] ?? ExitCode.Ok;
}

/** Makes the report's folder. What can't be written is refused before the previews, which take long. */
function requireWritable(file: string): void {
  const folder = path.dirname(file);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(existsSync(file) ? file : folder, constants.W_OK);
  } catch (error) {
    throw new Mistake(`--out ${file}: it can't be written: ${(error as Error).message}.`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Mistake(`--out ${file}: it is a folder; name a file.`);
  }
}

/** The worst first. */
const EXIT_CODES: readonly (readonly [Result, ExitCode])[] = [
  ["violation", ExitCode.Violation],
  ["breaking", ExitCode.Violation],
  ["failed", ExitCode.BadInput],
  ["undecided", ExitCode.Undecided],
];

async function outcomesOf(given: ReportOptions): Promise<StackOutcome[]> {
  const project = path.resolve(given.project);
  let stacks = given.stack;
  try {
    const all = (stacks ??= stacksOf(project));
    await preparePack(given);
    return await withEngine(project, given.embedded, (on) => outcomesOn(on, all, given));
  } catch (error) {
    const reason = reasonOf(error);
    return (stacks ?? ["every stack"]).map((stack) => failedOutcome(stack, reason));
  }
}

async function outcomesOn(
  on: StackEngine,
  stacks: readonly string[],
  given: ReportOptions,
): Promise<StackOutcome[]> {
  const outcomes: StackOutcome[] = [];
  for (const stack of stacks) {
    console.error(`previewing ${stack} ...`);
    outcomes.push(
      await stackOutcome(on, stack, given).catch((error: unknown) =>
        failedOutcome(stack, reasonOf(error)),
      ),
    );
  }
  return outcomes;
}

/** Why there is no answer. An internal error goes into the job's log in full. */
function reasonOf(error: unknown): string {
  if (isMistake(error)) return mistakeText(error);
  console.error(error);
  return `This is an error in istio-egress itself; please report it: ${String(error)}`;
}

async function stackOutcome(
  on: StackEngine,
  stack: string,
  given: ReportOptions,
): Promise<StackOutcome> {
  const preview = await previewStack(on, stack, given);
  const seen = seenInPreview(stack, preview);
  const head = seen && postureOfSeen(seen);
  // The base is judged in the same context, so that only what the change does makes a difference.
  const base = head && (await basePosture(on, stack, given, seen));
  const outcome = outcomeOf(stack, preview, head, base);
  if (!seen) return outcome;
  const from = given.base === undefined ? await lastVersion(on, stack) : base?.istioVersion;
  const to = seen.facts.istioVersion;
  if (from === undefined || to === undefined || from === to) return outcome;
  const { upgradeOf } = await import("./upgrade/report.js");
  return withUpgrade(outcome, upgradeOf(seen, { from, to, facts: {} }));
}

/** The version of Istio that the stack was last updated for. */
async function lastVersion(on: StackEngine, stack: string): Promise<string | undefined> {
  const { deployedIstioVersion } = await import("./stack/history.js");
  return deployedIstioVersion(on, stack);
}

async function basePosture(
  on: StackEngine,
  stack: string,
  { base }: ReportOptions,
  context: Context,
): Promise<Posture | undefined> {
  if (base === undefined) return postureOfSeen(await seenInState(on, stack, context));
  const file = path.join(base, `${stack}.json`);
  // A stack that the base branch doesn't have.
  if (!existsSync(file)) return { source: file, rows: [], notes: [] };
  const posture = readPosture(await readInput(file), file);
  if (posture) return posture;
  throw new Mistake(`${file}: not a posture; write one with \`posture --format json\`.`);
}
