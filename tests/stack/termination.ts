import os from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const cleanUps = new Set<() => Promise<unknown>>();

/**
 * Has something taken away when the run is given up, by Ctrl-C or SIGTERM: mocha runs no `after` then.
 * `timeout` signals twice, and so do a terminal and npm, so it must be safe to do twice.
 *
 * @returns to be called when it has been taken away
 */
export function onTermination(cleanUp: () => Promise<unknown>): () => void {
  if (cleanUps.size === 0) for (const signal of SIGNALS) process.on(signal, terminate);
  cleanUps.add(cleanUp);
  return () => {
    cleanUps.delete(cleanUp);
    if (cleanUps.size === 0) for (const signal of SIGNALS) process.off(signal, terminate);
  };
}

function terminate(signal: NodeJS.Signals): void {
  const all = [...cleanUps].map((cleanUp) => cleanUp());
  void Promise.allSettled(all).then(() => process.exit(128 + os.constants.signals[signal]));
}
