import type { ChalkInstance } from "chalk";

/** Colours where the terminal shows them and NO_COLOR doesn't forbid them (https://no-color.org). */
export async function colour(): Promise<ChalkInstance> {
  const { Chalk, default: chalk } = await import("chalk");
  return process.env.NO_COLOR ? new Chalk({ level: 0 }) : chalk;
}
