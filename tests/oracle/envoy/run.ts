/** `npm run calls:envoy`: the evaluator of calls against a real Envoy. Exit code 1 when they differ. */
import { Command, InvalidArgumentError } from "commander";
import { prepareMachine } from "../../../local/lab/requirements.js";
import { progress } from "../report.js";
import { reportTrials, runTrials } from "./trials.js";
import { untilDone } from "../../../cli/unfinished.js";

interface Options {
  meshes: number;
  calls: number;
  seed?: number;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("Expected a whole number.");
}

async function main(options: Options): Promise<number> {
  const lack = await prepareMachine();
  if (lack !== undefined) throw new Error(`no Envoy can be tried here: ${lack}`);
  const result = await runTrials({ ...options, onProgress: progress(options.meshes) });
  console.log(reportTrials(result));
  return result.mismatches.length === 0 ? 0 : 1;
}

const command = new Command("calls:envoy")
  .description("Make the calls of random meshes through a real Envoy that has what istiod sends.")
  .option("--meshes <count>", "how many meshes", wholeNumber, 300)
  .option("--calls <count>", "calls in each", wholeNumber, 4)
  .option("--seed <number>", "repeat the run that printed it", wholeNumber);

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
