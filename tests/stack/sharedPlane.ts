import { type TestPlane, ownPlane } from "./ownPlane.js";

export * from "./ownPlane.js";

let shared: Promise<TestPlane> | undefined;

/**
 * The embedded mesh that all files of one mocha run share: started by the first that asks, stopped
 * after the last. Whoever uses it leaves it as it was.
 */
export function sharedPlane(): Promise<TestPlane> {
  return (shared ??= ownPlane());
}

// Outside any describe, so after everything.
after(async function () {
  this.timeout(30_000);
  // One that couldn't start has left nothing, and whoever asked for it was told why.
  const plane = await shared?.catch(() => undefined);
  await plane?.stop();
});
