const cleanUps = new Set<() => Promise<void>>();

/**
 * Has something taken away when the run is given up by SIGTERM; mocha itself only minds Ctrl-C.
 * `timeout` signals twice, so it must be safe to do twice.
 *
 * @returns to be called when it has been taken away
 */
export function onTermination(cleanUp: () => Promise<void>): () => void {
  if (cleanUps.size === 0) process.on("SIGTERM", terminate);
  cleanUps.add(cleanUp);
  return () => {
    cleanUps.delete(cleanUp);
    if (cleanUps.size === 0) process.off("SIGTERM", terminate);
  };
}

function terminate(): void {
  const all = [...cleanUps].map((cleanUp) => cleanUp());
  void Promise.allSettled(all).then(() => process.exit(143));
}
