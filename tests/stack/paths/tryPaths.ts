import fc from "fast-check";
import { stringify } from "yaml";
import type { TestPlane } from "../sharedPlane.js";
import { type Path, path } from "./catalogues.js";
import { type Seen, walk } from "./walk.js";

export interface PathsOptions {
  count: number;
  /** Repeats a run. @default a random one */
  seed?: number;
  /** Called after each path that went well. */
  onPath?: (done: number, path: Path) => void;
}

/**
 * Tries random paths. One that fails is made as short as it can be, within ten minutes.
 *
 * @throws with the catalogues of the shortest path that fails, and the seed
 */
export async function tryPaths(
  on: TestPlane,
  { count, seed, onPath }: PathsOptions,
): Promise<Seen & { paths: number; seconds: number }> {
  const started = Date.now();
  const total = { pushes: 0, calls: 0, paths: 0 };
  let failedAt: number | undefined;
  const property = fc.asyncProperty(path, async (one) => {
    // What is left untried when time is up counts as passed: the shortest failure so far is told.
    if (failedAt !== undefined && Date.now() - failedAt > SHRINKING_MS) return;
    try {
      const { pushes, calls } = await walk(on, one);
      if (failedAt !== undefined) return;
      total.pushes += pushes;
      total.calls += calls;
      onPath?.(++total.paths, one);
    } catch (error) {
      failedAt ??= Date.now();
      throw error;
    }
  });
  const result = await fc.check(property, { numRuns: count, ...(seed !== undefined && { seed }) });
  if (result.failed) throw new Error(failure(result), { cause: result.errorInstance });
  return { ...total, seconds: Math.round((Date.now() - started) / 1000) };
}

const SHRINKING_MS = 600_000;

function failure({ counterexample, seed, errorInstance }: fc.RunDetails<[Path]>): string {
  const [found] = counterexample ?? [];
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return [
    `A path fails (--seed ${seed}): ${reason}`,
    `The edits: ${found?.edits.map(({ what }) => what).join(", ")}`,
    `From this catalogue\n\n${stringify(found?.before)}`,
    `to this one\n\n${stringify(found?.after)}`,
  ].join("\n");
}
