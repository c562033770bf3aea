import fc from "fast-check";
import { stringify } from "yaml";
import type { TestPlane } from "../sharedPlane.js";
import { type Path, path } from "./catalogues.js";
import { type Seen, walk } from "./walk.js";

export interface PathsOptions {
  count: number;
  /** Repeats a run. @default a random one */
  seed?: number;
  /** How many go at once, through one stack. */
  batch: number;
  /** The first of the seed's paths to try: those before it are left out. @default 0 */
  from?: number;
  /** Called after each batch that went well, with what has been looked at so far. */
  onBatch?: (done: Seen & { paths: number }, batch: readonly Path[]) => void;
  /** Called when a batch fails, before its paths are tried one by one. */
  onFailure?: (reason: string) => void;
}

/**
 * Tries random paths, some at once. Those of a batch that fails are tried one by one; one that fails
 * alone is made as short as it can be, within ten minutes.
 *
 * @throws with the catalogues of the shortest path that fails, and the seed
 */
export async function tryPaths(
  on: TestPlane,
  { count, seed = Date.now() % 1e6, batch, from: first = 0, onBatch, onFailure }: PathsOptions,
): Promise<Seen & { paths: number; seconds: number; seed: number }> {
  const started = Date.now();
  const total = { pushes: 0, calls: 0, paths: 0 };
  const drawn = draw(count, seed);
  for (let from = first; from < count; from += batch) {
    const paths = drawn.slice(from, from + batch);
    try {
      const { pushes, calls } = await walk(on, paths);
      total.pushes += pushes;
      total.calls += calls;
      total.paths += paths.length;
      onBatch?.({ ...total }, paths);
    } catch (error) {
      onFailure?.(error instanceof Error ? error.message : String(error));
      throw new Error(await failureIn(on, { from, paths, count, seed }, error), { cause: error });
    }
  }
  return { ...total, seed, seconds: Math.round((Date.now() - started) / 1000) };
}

/** The paths of a seed. */
function draw(count: number, seed: number): Path[] {
  const drawn: Path[] = [];
  const keep = fc.property(path, (one) => void drawn.push(one));
  fc.assert(keep, { numRuns: count, seed });
  return drawn;
}

interface Failed {
  /** The first path of the batch is the how-manieth of the seed. */
  from: number;
  paths: readonly Path[];
  count: number;
  seed: number;
}

const SHRINKING_MS = 600_000;

/** What fails in a batch: a path alone, made short, or else all of them together. */
async function failureIn(
  on: TestPlane,
  { from, paths, count, seed }: Failed,
  error: unknown,
): Promise<string> {
  let index = 0;
  let failedAt: number | undefined;
  const alone = fc.asyncProperty(path, async (one) => {
    const isShrinking = failedAt !== undefined;
    const isOfBatch = index >= from && index < from + paths.length;
    index += 1;
    if (!isShrinking && !isOfBatch) return;
    // What is left untried when time is up counts as passed: the shortest failure so far is told.
    if (failedAt !== undefined && Date.now() - failedAt > SHRINKING_MS) return;
    try {
      await walk(on, [one]);
    } catch (failure) {
      failedAt ??= Date.now();
      throw failure;
    }
  });
  const numRuns = Math.min(count, from + paths.length);
  const { failed, counterexample, errorInstance } = await fc.check(alone, { numRuns, seed });
  const [found] = counterexample ?? [];
  return failed && found
    ? `A path fails (--seed ${seed}): ${told([found], errorInstance)}`
    : `Paths fail together, and each alone doesn't (--seed ${seed}): ${told(paths, error)}`;
}

function told(paths: readonly Path[], error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const catalogues = paths.map(({ edits, before, after }) =>
    [
      `The edits: ${edits.map(({ what }) => what).join(", ")}`,
      `From this catalogue\n\n${stringify(before)}`,
      `to this one\n\n${stringify(after)}`,
    ].join("\n"),
  );
  return [reason, ...catalogues].join("\n");
}
