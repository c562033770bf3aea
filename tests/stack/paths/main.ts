/**
 * As many random paths as wanted, on an embedded mesh of its own. Exit code 1 when one fails.
 *
 *   npm run paths -- --count 200 --seed 1
 */
import { Command, InvalidArgumentError } from "commander";
import { ownPlane } from "../ownPlane.js";
import { tryPaths } from "./tryPaths.js";

interface Options {
  count: number;
  seed: number;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("Expected a whole number.");
}

async function main(options: Options): Promise<number> {
  const on = await ownPlane();
  try {
    const { paths, pushes, calls, seconds } = await tryPaths(on, {
      ...options,
      onPath: (done, { edits }) => {
        const what = edits.map(({ what }) => what).join(", ");
        console.log(`${done}/${options.count} ${what}`);
      },
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
  .parse();
void main(command.opts<Options>()).then((code) => {
  process.exitCode = code;
});
