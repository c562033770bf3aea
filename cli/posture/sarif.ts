import type { Log } from "sarif";
import { judgementSarif } from "../format/sarif.js";
import { judgementOf } from "../judgement.js";
import { defaultClients, readMesh } from "../../mesh/index.js";
import type { Question, Seen } from "./seen.js";

/** What is wrong with a posture, for code scanning: a run for each cluster. */
export function postureSarif(
  { clusters, facts, clients }: Seen,
  question: Question,
  version: string,
): string {
  const known = { ...facts, ...question.facts };
  const logs = clusters.map((manifests) => {
    const mesh = readMesh(
      manifests.map(({ object }) => object),
      known,
    );
    const asked = question.clients ?? [...defaultClients(mesh), ...clients];
    const text = judgementSarif(judgementOf({ manifests, facts: known, clients: asked }), version);
    return JSON.parse(text) as Log;
  });
  const log = { ...logs[0], runs: logs.flatMap(({ runs }) => runs) };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
