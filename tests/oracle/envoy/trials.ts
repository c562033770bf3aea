/** The evaluator of calls held to a real Envoy, on random meshes. */
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { callMeshOf } from "../call-meshes.js";
import { NEWEST } from "../generations.js";
import { Istiod, programOf } from "../istiod.js";
import type { AnsweredOutcome, AskedCall, Question, Resources } from "../question.js";
import { bootstrapOf } from "./bootstrap.js";
import type { Observation } from "./caller.js";
import { EnvoyNetwork } from "./network.js";
import { isExpected, takenBy, tlsOf } from "./observed.js";

export interface TrialOptions {
  meshes: number;
  /** Calls in each mesh. */
  calls: number;
  /** Repeats the run that printed it. @default a fresh one */
  seed?: number;
  onProgress?: (done: number) => void;
}

/** A call of which the evaluator and Envoy say different things. */
export interface Mismatch {
  id: string;
  call: AskedCall;
  evaluator: AnsweredOutcome[];
  envoy: string;
}

export interface TrialResult {
  seed: number;
  meshes: number;
  calls: number;
  /** Calls by what the evaluator says of them. */
  ways: Map<string, number>;
  /** Connections that arrived outside, by the TLS that the proxy gave them. */
  arrivals: Map<string, number>;
  mismatches: Mismatch[];
  /** Meshes that istiod or Envoy didn't take, and why. */
  refused: string[];
  seconds: number;
}

/** Filters of Istio's own Envoy, which another refuses; none has a part in the way of a call. */
const ANY_ENVOY = { PILOT_ENABLE_ALPN_FILTER: "false", PILOT_ENABLE_METADATA_EXCHANGE: "false" };

/** Makes the calls of random meshes through a real Envoy that has what istiod sends. */
export async function runTrials(options: TrialOptions): Promise<TrialResult> {
  const started = performance.now();
  const seed = options.seed ?? randomInt(2 ** 31);
  const result: TrialResult = {
    seed,
    meshes: 0,
    calls: 0,
    ways: new Map(),
    arrivals: new Map(),
    mismatches: [],
    refused: [],
    seconds: 0,
  };
  const program = await programOf(NEWEST);
  const istiod = new Istiod({ ...program, env: { ...program.env, ...ANY_ENVOY } });
  const network = await EnvoyNetwork.open();
  try {
    // Envoy refuses some, and others take their place.
    const numRuns = Math.ceil(options.meshes * 1.2) + 5;
    const meshes = fc.sample(callMeshOf(NEWEST, options.calls), { seed, numRuns });
    for (const [index, mesh] of meshes.entries()) {
      if (result.meshes === options.meshes) break;
      await attempt(istiod, network, questionOf(mesh, `${seed}:${index}`), result);
      options.onProgress?.(result.meshes);
    }
  } finally {
    istiod.close();
    await network.close();
  }
  result.seconds = (performance.now() - started) / 1000;
  return result;
}

/**
 * All calls from one client, since each client has an Envoy of its own; without names that only DNS knows, and
 * without what keeps a call from any Envoy. A client that waits for the server's words would wait here.
 */
function questionOf({ objects, clients, mesh, calls = [] }: Question, id: string): Question {
  const captured = objects.filter(({ kind }) => kind !== "Deployment");
  const resolved = JSON.stringify(captured).replaceAll('"DYNAMIC_DNS"', '"NONE"');
  return {
    id,
    objects: JSON.parse(resolved) as Question["objects"],
    clients: clients.slice(0, 1),
    mesh: { ...mesh, ...CAPTURES_ALL },
    calls: calls.map((call) => ({
      ...call,
      client: 0,
      sends: call.sends === "server-first" ? "tcp" : call.sends,
    })),
    resources: true,
  };
}

const CAPTURES_ALL: Question["mesh"] = {
  includeOutboundPorts: [],
  excludeOutboundPorts: [],
  includeOutboundIPRanges: ["*"],
  excludeOutboundIPRanges: [],
};

async function attempt(
  istiod: Istiod,
  network: EnvoyNetwork,
  question: Question,
  result: TrialResult,
): Promise<void> {
  const answer = await istiod.ask(question);
  const resources = answer.clients?.[0]?.resources;
  if (answer.error !== undefined || !resources) {
    result.refused.push(`${question.id}, by the oracle: ${answer.error}`);
    return;
  }
  const calls = question.calls!;
  const bootstrap = bootstrapOf(resources, network.files);
  const observed = await network.attempt({ bootstrap, calls });
  if (observed.refused !== undefined) {
    result.refused.push(`${question.id}, by Envoy: ${observed.refused}`);
    return;
  }
  result.meshes++;
  for (const [index, call] of calls.entries()) {
    compare(
      { id: question.id, call },
      answer.calls![index]!,
      observed.calls[index]!,
      resources,
      result,
    );
  }
}

function compare(
  about: Pick<Mismatch, "id" | "call">,
  evaluator: AnsweredOutcome[],
  observation: Observation,
  resources: Resources,
  result: TrialResult,
): void {
  result.calls++;
  for (const { via } of evaluator) count(result.ways, via);
  for (const arrival of observation.arrivals) count(result.arrivals, tlsOf(arrival));
  if (isExpected(observation, evaluator, resources)) return;
  const envoy = JSON.stringify({ ...takenBy(observation), ...observation });
  result.mismatches.push({ ...about, evaluator, envoy });
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Numbers of a run, and what differed. */
export function reportTrials(result: TrialResult): string {
  const list = (counts: Map<string, number>) =>
    [...counts].map(([name, number]) => `${name} ${number}`).join(", ");
  return [
    `${result.meshes} meshes, ${result.calls} calls; by the evaluator: ${list(result.ways)}`,
    `connections that arrived, by the proxy's TLS: ${list(result.arrivals)}`,
    `seed ${result.seed}, ${result.seconds.toFixed(1)} s; ` +
      `${result.mismatches.length} disagreements, ${result.refused.length} meshes refused`,
    ...result.mismatches.map(
      ({ id, call, evaluator, envoy }) =>
        `mesh ${id}, call ${JSON.stringify(call)}\n` +
        `  evaluator ${JSON.stringify(evaluator)}\n  Envoy     ${envoy}`,
    ),
    ...result.refused.slice(0, 10).map((why) => `refused ${why.split("\n").slice(0, 3).join(" ")}`),
  ].join("\n");
}
