/** Random meshes in which the YAML that is advised against each violation has been applied. */
import type fc from "fast-check";
import { explain, judge, readMesh } from "../../mesh/index.js";
import { applied } from "../mesh/explain/advised-objects.js";
import type { Generation } from "./generations.js";
import { meshOf } from "./meshes.js";
import type { Question } from "./question.js";

/** Violations of one mesh that are put right; so many have never been met. */
const MOST_VIOLATIONS = 20;

/**
 * Meshes with violations, after the advice. Where the model and istiod agree on them, and the model finds
 * what was advised to be enough and to harm nobody (`tests/mesh/explain/advice.test.ts`), so does istiod.
 */
export function advisedMeshOf(generation: Generation): fc.Arbitrary<Question> {
  return meshOf(generation)
    .map((question) => ({ question, advised: advised(question) }))
    .filter(({ question, advised }) => advised !== question.objects)
    .map(({ question: { id, clients, mesh }, advised }) => ({
      id,
      clients,
      mesh,
      objects: advised,
    }));
}

/** The very same objects where nothing is advised. */
function advised({ objects, clients, mesh: facts }: Question): Question["objects"] {
  let present = objects;
  for (let taken = 0; taken < MOST_VIOLATIONS; taken++) {
    const mesh = readMesh(present, facts);
    const advice = judge(mesh, clients)
      .filter(({ verdict, revision }) => verdict === "violation" && revision === undefined)
      .map((violation) => explain(violation, mesh).yaml)
      .find((yaml) => yaml !== undefined);
    if (advice === undefined) return present;
    present = applied(present, advice);
  }
  throw new Error(`advice for ${JSON.stringify(objects)} doesn't come to an end`);
}
