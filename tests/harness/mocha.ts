import type { Way } from "./run.js";

/** Both ways, the SDK's own last. */
export const WAYS: readonly Way[] = ["raw", "proxied"];

/** One test, run both ways: what holds raw must hold through the SDK's proxy. */
export function itBothWays(title: string, test: (way: Way) => Promise<void> | void): void {
  for (const way of WAYS) it(`${title} (${way})`, () => test(way));
}
