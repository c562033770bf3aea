import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { ResultPromise } from "execa";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What was typed once may come twice: a terminal signals every process, and npm passes the signal on, too. */
const ONCE_MS = 1_000;

const children = new Set<ResultPromise>();
let interrupted: { code: number; at: number } | undefined;

let held = 0;

/**
 * Lets an interrupted process end in order: locks and folders of its own go, and whatever runs
 * {@link inItsOwnTime} has ended before. Signals are then looked at between two steps of the program, so that
 * it is for what has something to take away: a long reading or judging ends at once without it.
 *
 * @returns what says that there is nothing to take away any more
 */
export function endInOrder(): () => void {
  if (held++ === 0) for (const signal of SIGNALS) process.on(signal, interrupt);
  return () => {
    if (--held === 0) for (const signal of SIGNALS) process.off(signal, interrupt);
  };
}

function interrupt(signal: NodeJS.Signals): void {
  const code = 128 + os.constants.signals[signal];
  if (children.size === 0) process.exit(code);
  if (interrupted && Date.now() - interrupted.at < ONCE_MS) return;
  interrupted = { code, at: Date.now() };
  for (const child of children) child.kill("SIGTERM");
}

/**
 * Waits for a child that needs time to end: an engine that is interrupted finishes the step that it is
 * at, and writes down what it has made. A second signal ends it at once. So that a terminal doesn't signal
 * it a second time, it must have a session of its own (`detached`).
 */
export async function inItsOwnTime<Child extends ResultPromise>(
  child: Child,
): Promise<Awaited<Child>> {
  const release = endInOrder();
  children.add(child);
  try {
    return await child;
  } finally {
    children.delete(child);
    release();
    if (interrupted && children.size === 0) process.exit(interrupted.code);
  }
}

/** A folder for files that may hold secrets, as long as the work goes on, or this process. */
export async function withPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const release = endInOrder();
  process.once("exit", remove);
  try {
    return await work(folder);
  } finally {
    process.off("exit", remove);
    remove();
    release();
  }
}
