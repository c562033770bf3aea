import type { Context } from "mocha";
import { prepareMachine } from "../../local/lab/requirements.js";

/** Skips all tests of a file where there can't be real traffic, and says why, loudly. */
export async function skipWithoutNetworks(context: Context): Promise<void> {
  context.timeout(240_000);
  const lack = await prepareMachine();
  if (lack === undefined) return;
  console.error(`\n  !!! NOT TESTED: real traffic, because ${lack}.\n`);
  context.skip();
}
