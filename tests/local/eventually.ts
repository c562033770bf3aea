import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks until there is an answer.
 *
 * @throws what went wrong last, after half a minute
 */
export async function eventually<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    let reason: unknown = new Error("there is still no answer after half a minute");
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      reason = error;
    }
    if (Date.now() > deadline) throw reason;
    await sleep(50);
  }
}
