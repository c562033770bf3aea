import type { Catalogue } from "../../catalogue/catalogue.js";
import { type Container, type Ending, execInPod } from "../kube/exec.js";
import type { ApiServer } from "../kube/api-server.js";
import { Progress } from "../progress.js";
import { CURL_REPORT, answerRow } from "./answer-row.js";
import { type CurlCall, callsOf } from "./call.js";
import type { Reality } from "./reality.js";
import type { Row } from "./row.js";

/** Seconds that a request may take; a sidecar gives up on a server after 10. */
const LONGEST_CALL = 12;
/** What running it in the Pod may add. */
const EXEC_MS = 8_000;
const PAUSE_MS = 1_000;
const AT_A_TIME = 8;
const TICK_MS = 100;

/** Runs a command in a container. */
export type RunInPod = (from: Container, command: readonly string[]) => Promise<Ending>;

/** In the Pods of a real cluster. */
export function throughExec(server: ApiServer): RunInPod {
  const patience = LONGEST_CALL * 1000 + EXEC_MS;
  return (from, command) => execInPod(server, from, command, patience);
}

/**
 * Lets every client call every alias, a few at a time, and says what came of it: a row for each. What
 * fails is tried again until the deadline (as of `Date.now()`): sidecars take a moment, too.
 */
export async function callRows(
  catalogue: Catalogue,
  reality: Reality,
  run: RunInPod,
  deadline: number,
): Promise<Row[]> {
  const entries = callsOf(catalogue, reality);
  const rows: Row[] = [];
  const progress = new Progress();
  let done = 0;
  const report = () => progress.report(() => `${done} of ${entries.length} calls made...`);
  const ticking = setInterval(report, TICK_MS);
  const next = entries.entries();
  const work = async () => {
    for (const [index, entry] of next) {
      rows[index] = "curl" in entry ? await rowOf(entry, run, deadline) : entry;
      done++;
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
  } finally {
    clearInterval(ticking);
    progress.done();
  }
  return rows;
}

async function rowOf(call: CurlCall, run: RunInPod, deadline: number): Promise<Row> {
  const command = [...call.curl, "--max-time", String(LONGEST_CALL), ...CURL_REPORT];
  for (;;) {
    const row = answerRow(call.subject, call.promised, await run(call.from, command));
    if (row.ok || Date.now() >= deadline) return row;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
