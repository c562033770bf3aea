/**
 * As many random paths as wanted, on an embedded mesh of its own. Exit code 1 when one fails.
 *
 *   npm run paths -- --count 200 --seed 1
 *   npm run paths -- --count 200 --seed 1 --from 36
 */
import { Command, InvalidArgumentError } from "commander";
import { ownPlane } from "../ownPlane.js";
import { tryPaths } from "./tryPaths.js";
import { untilDone } from "../../../cli/unfinished.js";

interface Options {
  count: number;
  seed: number;
  batch: number;
  from: number;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("Expected a whole number.");
}

function positive(text: string): number {
  if (wholeNumber(text) > 0) return Number(text);
  throw new InvalidArgumentError("Expected 1 or more.");
}

async function main(options: Options): Promise<number> {
  const on = await ownPlane();
  try {
    const { paths, pushes, calls, seconds } = await tryPaths(on, {
      ...options,
      onBatch: ({ paths, pushes, calls }, batch) => {
        const what = batch.map(({ edits }) => edits.map(({ what }) => what).join(", "));
        const done = `${options.from + paths}/${options.count}, ${pushes} pushes, ${calls} calls`;
        console.log(`${done}: ${what.join("; ")}`);
      },
      onFailure: (reason) => console.log(`Some of the next fail; trying each alone. ${reason}`),
    });
    console.log(
      `${paths} paths, seed ${options.seed}: ${pushes} pushes looked at for ${calls} calls.`,
    );
    console.log(`${seconds} s, ${(seconds / paths).toFixed(1)} s a path.`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await on.stop();
  }
}

const command = new Command("paths")
  .description("Take stacks from one random catalogue to another, and compare with a fresh update.")
  .option("--count <number>", "how many paths", wholeNumber, 25)
  .option("--seed <number>", "repeat the run that printed it", wholeNumber, Date.now() % 1e6)
  .option("--batch <number>", "how many go at once, through one stack", positive, 9)
  .option("--from <number>", "leave out the seed's paths before this one", wholeNumber, 0)
  .parse();
void untilDone(main(command.opts<Options>()), 2).then((code) => {
  process.exitCode = code;
});
