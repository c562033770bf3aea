/** `npm run faults`: commands are killed at many points, and the same command again must heal it. */
import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { type Healing, FaultyLife } from "./life.js";
import { points } from "./points.js";
import { untilDone } from "../../../cli/unfinished.js";

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("Expected a whole number.");
}

/** One line for a point. */
export function lineOf({ point, wasKilled, wrong, seconds }: Healing): string {
  const { phase, signal, victims, at } = point;
  const how = wasKilled ? "" : " (it had ended before)";
  const what = `${phase.padEnd(8)} ${signal.padEnd(7)} ${victims.padEnd(5)} at ${(at * 100).toFixed(0)} %`;
  const result = wrong.length === 0 ? "healed" : `WRONG: ${wrong.join("; ")}`;
  return `${what}${how}: ${result} (${seconds.toFixed(0)} s)`;
}

async function main(count: number, from: number, log?: string): Promise<number> {
  const life = new FaultyLife();
  const healings: Healing[] = [];
  try {
    await life.measure();
    for (const point of points(count).slice(from)) {
      const healing = await life.suffer(point);
      healings.push(healing);
      console.log(`${String(healings.length).padStart(3)} ${lineOf(healing)}`);
      if (healing.wrong.length > 0) console.log(healing.output.replace(/^/gm, "    "));
      if (log) writeFileSync(log, JSON.stringify(healings, undefined, 2));
    }
  } finally {
    await life.remove();
  }
  const killed = healings.filter(({ wasKilled }) => wasKilled).length;
  const healed = healings.filter(({ wrong }) => wrong.length === 0).length;
  console.log(
    `${healed} of ${healings.length} healed; ${killed} were killed before they had ended.`,
  );
  return healed === healings.length ? 0 : 1;
}

const command = new Command("faults")
  .description("Kill up, change and down at many points, and type the same command again.")
  .option("--points <count>", "how many points", wholeNumber, 25)
  .option("--from <number>", "the first of them", wholeNumber, 0)
  .option("--log <file>", "where to keep what all commands said");

command.parse();
const { points: count, from, log } = command.opts<{ points: number; from: number; log?: string }>();
untilDone(main(count, from, log), 2).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
