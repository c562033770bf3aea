/** Random meshes put to istiod and to the model, and the smallest one on which they differ. */
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { advisedMeshOf } from "./advised-meshes.js";
import { compareCalls } from "./call-comparison.js";
import { CALL_FEATURES } from "./call-features.js";
import { callMeshOf } from "./call-meshes.js";
import { compare, type Comparison } from "./comparison.js";
import type { Difference } from "./difference.js";
import { Coverage } from "./features.js";
import { type Generation, NEWEST } from "./generations.js";
import { Istiod, programOf } from "./istiod.js";
import { meshOf } from "./meshes.js";
import type { Answer, Question } from "./question.js";
import { readRegressions } from "./regressions.js";

export interface RunOptions {
  /** Whose istiod answers. @default the newest */
  generation?: Generation;
  /** How many meshes. */
  meshes: number;
  /** Whether calls are compared, in meshes that are dense in routes, rather than clusters. @default false */
  calls?: boolean;
  /** Whether the meshes are those that had violations, after what is advised against them. @default false */
  advised?: boolean;
  /** Repeats the run that printed it. @default a fresh one */
  seed?: number;
  /** Stop and shrink after so many disagreements. @default 1 */
  disagreements?: number;
  onProgress?: (done: number) => void;
}

/** A mesh on which the two differ, as small as shrinking made it. */
export interface Disagreement {
  question: Question;
  answer: Answer;
  differences: Difference[];
}

export interface RunResult {
  seed: number;
  meshes: number;
  clients: number;
  clusters: number;
  violations: number;
  /** Calls, where they are what is compared. */
  calls: number;
  /** Meshes that the oracle couldn't read, and why; a fault of the generator. */
  errors: string[];
  disagreements: Disagreement[];
  coverage: Coverage;
  seconds: number;
}

/** Puts every kept mesh of a generation to both again. @returns what differs, by the name of the regression */
export async function replayRegressions(generation = NEWEST): Promise<Map<string, Disagreement>> {
  const istiod = new Istiod(await programOf(generation));
  try {
    const replayed = await Promise.all(
      readRegressions()
        .filter(({ istio }) => (istio ?? NEWEST.version) === generation.version)
        .map(async ({ name, question }) => [name, await disagreementOn(istiod, question)] as const),
    );
    return new Map(
      replayed.filter(([, { answer, differences }]) => answer.error || differences.length > 0),
    );
  } finally {
    istiod.close();
  }
}

/** Whether all could be read and none disagreed. */
export function isClean({ disagreements, errors }: RunResult): boolean {
  return disagreements.length === 0 && errors.length === 0;
}

/** So many meshes are generated, sent and compared at a time. */
const BATCH = 200;
const SHRINK_MILLISECONDS = 60_000;

/** Whether the model can answer is part of the question: an exception is a difference. */
export function compareSafely(question: Question, answer: Answer): Comparison {
  try {
    return question.calls ? compareCalls(question, answer) : compare(question, answer);
  } catch (error) {
    const model = `throws: ${error instanceof Error ? error.message : String(error)}`;
    const differences = [{ client: 0, place: "the whole mesh", istiod: "an answer", model }];
    return { differences, clusters: 0, violations: 0 };
  }
}

/** Puts random meshes to both, and shrinks the ones on which they differ. */
export async function runDifferential(options: RunOptions): Promise<RunResult> {
  const started = performance.now();
  const seed = options.seed ?? randomInt(2 ** 31);
  const result: RunResult = {
    seed,
    meshes: 0,
    clients: 0,
    clusters: 0,
    violations: 0,
    calls: 0,
    errors: [],
    disagreements: [],
    coverage: new Coverage(options.calls === true ? CALL_FEATURES : undefined),
    seconds: 0,
  };
  const generation = options.generation ?? NEWEST;
  const istiod = new Istiod(await programOf(generation));
  const mesh = meshesOf(options, generation);
  try {
    for (let batch = 0; result.meshes < options.meshes; batch++) {
      const size = Math.min(BATCH, options.meshes - result.meshes);
      const failed = await runBatch({ istiod, mesh }, seed + batch, size, result);
      options.onProgress?.(result.meshes);
      for (const index of failed) {
        if (result.disagreements.length >= (options.disagreements ?? 1)) break;
        result.disagreements.push(await shrink({ istiod, mesh }, seed + batch, index));
      }
      if (result.disagreements.length >= (options.disagreements ?? 1)) break;
    }
  } finally {
    istiod.close();
  }
  result.seconds = (performance.now() - started) / 1000;
  return result;
}

function meshesOf({ calls, advised }: RunOptions, generation: Generation): fc.Arbitrary<Question> {
  if (calls === true) return callMeshOf(generation);
  return advised === true ? advisedMeshOf(generation) : meshOf(generation);
}

/** Where the meshes come from, and who is asked about them. */
interface Sides {
  istiod: Istiod;
  mesh: fc.Arbitrary<Question>;
}

/** @returns the indices, within the batch, of the meshes on which the two differ */
async function runBatch(
  { istiod, mesh }: Sides,
  seed: number,
  size: number,
  result: RunResult,
): Promise<number[]> {
  const questions = fc
    .sample(mesh, { seed, numRuns: size })
    .map((question, index) => ({ ...question, id: `${seed}:${index}` }));
  const answers = await Promise.all(questions.map((question) => istiod.ask(question)));
  return questions.flatMap((question, index) => {
    const answer = answers[index]!;
    result.meshes++;
    result.coverage.add(question, answer);
    if (answer.error !== undefined) {
      result.errors.push(`${question.id}: ${answer.error}`);
      return [];
    }
    const comparison = compareSafely(question, answer);
    result.clients += question.clients.length;
    result.clusters += comparison.clusters;
    result.violations += comparison.violations;
    result.calls += question.calls?.length ?? 0;
    return comparison.differences.length > 0 ? [index] : [];
  });
}

/** Replays one mesh of a batch as a property, so that fast-check makes it small. */
async function shrink({ istiod, mesh }: Sides, seed: number, index: number): Promise<Disagreement> {
  const property = fc.asyncProperty(mesh, async (question) => {
    return (await disagreementOn(istiod, question)).differences.length === 0;
  });
  const details = await fc.check(property, {
    seed,
    path: String(index),
    numRuns: 1,
    interruptAfterTimeLimit: SHRINK_MILLISECONDS,
  });
  const shrunk = details.counterexample?.[0];
  if (shrunk === undefined) {
    throw new Error(`mesh ${seed}:${index} gave another answer when it was asked again`);
  }
  return withoutBystanders(istiod, shrunk);
}

/** Drops what fast-check's lists keep though it doesn't matter: objects, calls, clients and hidden values. */
async function withoutBystanders(istiod: Istiod, shrunk: Question): Promise<Disagreement> {
  let smallest = await disagreementOn(istiod, shrunk);
  for (const field of ["hidden", "calls", "objects", "clients"] as const) {
    // Calls name their clients by number.
    if (field === "clients" && shrunk.calls) continue;
    for (let index = (shrunk[field]?.length ?? 0) - 1; index >= 0; index--) {
      const { question } = smallest;
      const smaller = { ...question, [field]: question[field]?.toSpliced(index, 1) };
      const found = await disagreementOn(istiod, smaller);
      if (found.differences.length > 0) smallest = found;
    }
  }
  return smallest;
}

async function disagreementOn(istiod: Istiod, question: Question): Promise<Disagreement> {
  const answer = await istiod.ask(question);
  const differences = answer.error === undefined ? compareSafely(question, answer).differences : [];
  return { question, answer, differences };
}
