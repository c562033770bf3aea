import assert from "node:assert/strict";
import path from "node:path";
import type { Network } from "../../local/lab/network.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import type { LoadOptions, LoadReport } from "./load.js";

/** How long calls go on before and after the work, in milliseconds. */
const MARGIN_MS = 2_000;
/** Nothing that is done under load takes longer, in seconds, on a busy machine either. */
const PATIENCE = 220;

/** Steady calls from a host of the network. */
export interface Load extends LoadOptions {
  host: string;
}

let runs = 0;

/** Calls at steady rates, all at once, while `work` is done. @returns a report for each load */
export async function underLoad(
  network: Network,
  loads: readonly Load[],
  work: () => Promise<void>,
): Promise<LoadReport[]> {
  const stopFile = `/run/load/${++runs}`;
  const register = path.join(REPOSITORY, "register.cjs");
  const program = path.join(__dirname, "load.ts");
  const calls = loads.map(({ host, ...options }) => {
    const command = ["--require", register, program, JSON.stringify(options), stopFile];
    return network.run(host, [process.execPath, ...command], { patience: PATIENCE });
  });
  try {
    await margin();
    await work();
    await margin();
  } finally {
    network.write(stopFile, "");
  }
  const answers = await Promise.all(calls);
  return answers.map(({ exitCode, stdout, stderr }) => {
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as LoadReport;
  });
}

function margin(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, MARGIN_MS));
}
