/** `npm run oracle`: the model against istiod on random meshes. Exit code 1 when they differ. */
import { Command, InvalidArgumentError, Option } from "commander";
import { type Disagreement, isClean, replayRegressions, runDifferential } from "./differential.js";
import { type Generation, generationOf, NEWEST, withAliases } from "./generations.js";
import { progress, reportDisagreement, reportRun } from "./report.js";
import { runUnordered, unorderedText } from "./unordered.js";
import { runUpgrades, upgradeText } from "./upgrade.js";
import { untilDone } from "../../cli/unfinished.js";

interface Options {
  istio: string;
  externalNameAlias?: "on" | "off";
  calls: boolean;
  advised: boolean;
  upgrade?: string;
  unordered: boolean;
  orders: number;
  meshes: number;
  seed?: number;
  disagreements: number;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("Expected a whole number.");
}

async function main({ istio, upgrade, unordered, orders, ...options }: Options): Promise<number> {
  if (unordered) return compareUnordered(orders, options);
  const { externalNameAlias: aliases } = options;
  const named = generationOf(istio);
  const generation = aliases === undefined ? named : withAliases(named, aliases === "on");
  if (upgrade !== undefined) return compareUpgrades(generation, generationOf(upgrade), options);
  // What is kept was answered with every switch as that istiod has it.
  const regressed =
    aliases === undefined ? await replayRegressions(generation) : new Map<string, Disagreement>();
  for (const [name, disagreement] of regressed) {
    console.log(`regression ${name}`, `\n${reportDisagreement(disagreement)}\n`);
  }
  const result = await runDifferential({
    ...options,
    generation,
    onProgress: progress(options.meshes),
  });
  for (const disagreement of result.disagreements) {
    console.log(`${reportDisagreement(disagreement)}\n`);
  }
  console.log(reportRun(result));
  return regressed.size === 0 && isClean(result) ? 0 : 1;
}

async function compareUnordered(
  orders: number,
  { meshes, seed }: Pick<Options, "meshes" | "seed">,
): Promise<number> {
  const result = await runUnordered({ meshes, orders, seed, onProgress: progress(meshes) });
  for (const problem of result.problems) console.log(problem);
  console.log(unorderedText(result));
  return result.problems.length === 0 && result.givenUp === 0 ? 0 : 1;
}

async function compareUpgrades(
  from: Generation,
  to: Generation,
  { meshes, seed }: Pick<Options, "meshes" | "seed">,
): Promise<number> {
  const result = await runUpgrades({ from, to, meshes, seed, onProgress: progress(meshes) });
  for (const fault of result.faults) console.log(fault);
  console.log(upgradeText(result));
  return result.faults.length === 0 ? 0 : 1;
}

const command = new Command("oracle")
  .description("Put random meshes to the model and to istiod, and compare every cluster.")
  .option("--istio <version>", "whose istiod answers", NEWEST.version)
  .addOption(
    new Option(
      "--external-name-alias <state>",
      "throw ENABLE_EXTERNAL_NAME_ALIAS, which Istio 1.20 to 1.23 have",
    )
      .choices(["on", "off"])
      .conflicts("unordered"),
  )
  .option("--calls", "compare the way of calls rather than clusters", false)
  .addOption(
    new Option("--advised", "compare meshes after what is advised against their violations")
      .default(false)
      .conflicts("calls"),
  )
  .option("--upgrade <version>", "compare what `istio-egress upgrade` says of the way to this one")
  .option("--unordered", "take ages and some values away, and compare their completions", false)
  .option("--orders <count>", "how many orders to try with --unordered", wholeNumber, 50)
  .option("--meshes <count>", "how many meshes", wholeNumber, 1000)
  .option("--seed <number>", "repeat the run that printed it", wholeNumber)
  .option("--disagreements <count>", "stop and shrink after so many", wholeNumber, 1);

command.parse();
untilDone(main(command.opts<Options>()), 2).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
