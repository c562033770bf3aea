import { judgementSarif } from "../format/sarif.js";
import { judgementOf } from "../judgement.js";
import { defaultClients, readMesh } from "../../mesh/index.js";
import type { PostureOverrides, Seen } from "./seen.js";

/** What is wrong with a posture, for code scanning, in pieces: a run for each cluster. */
export function postureSarif(
  { clusters, facts, clients }: Seen,
  question: PostureOverrides,
  version: string,
): Generator<string> {
  const known = { ...facts, ...question.facts };
  const judgements = clusters.map((manifests) => {
    const mesh = readMesh(
      manifests.map(({ object }) => object),
      known,
    );
    const judged = question.clients ?? [...defaultClients(mesh), ...clients];
    return judgementOf({ manifests, facts: known, clients: judged });
  });
  return judgementSarif(judgements, version);
}
