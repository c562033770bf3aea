/** What the model says of calls, held against what Envoy would do with what istiod sends. */
import { outcomesOf, readMesh, type UndecidedCall } from "../../mesh/index.js";
import type { Comparison } from "./comparison.js";
import type { Difference } from "./difference.js";
import type { Answer, AnsweredOutcome, AskedCall, Question } from "./question.js";

/** Compares the outcomes of every call both ways. */
export function compareCalls(question: Question, answer: Answer): Comparison {
  const mesh = readMesh(question.objects, question.mesh);
  const calls = question.calls ?? [];
  const differences = calls.flatMap((call, index): Difference[] => {
    const client = question.clients[call.client]!;
    const answered = answer.calls?.[index] ?? [];
    // What no Envoy takes has no way.
    if (answered.some(({ via }) => via === "refused")) return [];
    const istiod = wordsOf(answered);
    // The proxy of istiod's answer is there, whatever the mesh has of Pods.
    const model = wordsOf(
      outcomesOf(mesh, { ...call, client: { ...client, dataplane: "sidecar" } }),
    );
    return istiod === model ? [] : [{ client: call.client, place: callWords(call), istiod, model }];
  });
  return { differences, clusters: 0, violations: 0 };
}

/** Outcomes in one order, each once. */
function wordsOf(outcomes: readonly AnsweredOutcome[] | UndecidedCall): string {
  if ("undecided" in outcomes) return `undecided: ${outcomes.undecided}`;
  return [...new Set(outcomes.map(outcomeWords))].sort().join(", and ");
}

function outcomeWords(outcome: AnsweredOutcome): string {
  if (outcome.via === "no-cluster") return `no cluster ${outcome.cluster}`;
  if (outcome.via !== "cluster") return outcome.via;
  const name = outcome.sni === undefined ? "" : ` for ${outcome.sni}`;
  return `${outcome.cluster} with ${outcome.tls}${name}`;
}

/** A call in the way in which a person would write it. */
export function callWords({ sends, address, port, host, path }: AskedCall): string {
  const what = host === undefined ? "" : ` naming ${host}${path ?? ""}`;
  return `${sends} to ${address}:${port}${what}`;
}
