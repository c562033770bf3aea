import type { Manifest } from "./input/manifests.js";
import { ExitCode } from "./mistake.js";
import {
  apiServerNotes,
  aliasOfCall,
  type Call,
  type CallVerdict,
  type Client,
  dataplanesOf,
  DEFAULT_FACTS,
  defaultClients,
  inertRules,
  type InertRule,
  judge,
  judgeApiServer,
  judgeCall,
  judgeCalls,
  type Mesh,
  type MeshFacts,
  readMesh,
  shadowedRules,
  type ShadowedRule,
  unmodelled,
  type Unmodelled,
  unprovenVersion,
  type Verdict,
  refText,
} from "../mesh/index.js";

/** What to judge, wherever it came from. */
export interface JudgementInput {
  manifests: readonly Manifest[];
  /** @default the clients that the objects themselves name */
  clients?: readonly Client[];
  facts: Partial<MeshFacts>;
  /** What was decided when the objects were read. */
  notes?: readonly string[];
  /** Calls to judge; `all`: those to every alias on its declared ports. @default none */
  calls?: readonly Call[] | "all";
}

/** The answer to a {@link JudgementInput}, which every output format is made from. */
export interface Judgement {
  mesh: Mesh;
  manifests: readonly Manifest[];
  clients: readonly Client[];
  verdicts: readonly Verdict[];
  inert: readonly InertRule[];
  shadowed: readonly ShadowedRule[];
  /** Objects that the verdicts leave out of account though they may matter. */
  unmodelled: readonly Unmodelled[];
  /** What was decided when the objects were read, a sentence each. */
  notes: readonly string[];
  /** The calls that were judged. */
  calls: readonly CallRow[];
  /** How many findings were left out because a baseline has them. @default 0 */
  leftOut?: number;
}

/** A call's verdict with the clients that it holds for. */
export interface CallRow {
  verdict: CallVerdict;
  clients: readonly Client[];
}

/** Everything that the model says about a set of objects. */
export function judgementOf({
  manifests,
  clients,
  facts,
  notes = [],
  calls = [],
}: JudgementInput): Judgement {
  const objects = manifests.map(({ object }) => object);
  const mesh = readMesh(objects, facts);
  const judged = clients ?? defaultClients(mesh);
  const verdicts = judge(mesh, judged);
  return {
    mesh,
    manifests,
    clients: judged,
    verdicts,
    inert: inertRules(mesh, judged),
    shadowed: shadowedRules(mesh, judged),
    unmodelled: verdicts.length === 0 ? [] : unmodelled(objects),
    calls: callRows(mesh, judged, calls),
    notes: [
      ...notes,
      ...apiServerNotes(judgeApiServer(mesh, judged), clientText).map(({ text }) => text),
      ...(verdicts.length === 0
        ? []
        : [...versionNotes(mesh.facts), ...dataplaneNotes(mesh, judged)]),
    ],
  };
}

function callRows(
  mesh: Mesh,
  clients: readonly Client[],
  calls: NonNullable<JudgementInput["calls"]>,
): CallRow[] {
  if (calls !== "all") {
    return calls.map((call) => ({
      verdict: judgeCall(mesh, call, aliasOfCall(mesh, call)),
      clients: [call.client],
    }));
  }
  return judgeCalls(mesh, clients).map(({ clients: places, ...verdict }) => ({
    verdict,
    clients:
      places.length > 0 ? places.flatMap((place) => clients[place] ?? []) : [verdict.call.client],
  }));
}

/** Clusters are shown as a sidecar has them; where a client has none, calls show more. */
function dataplaneNotes(mesh: Mesh, clients: readonly Client[]): string[] {
  const ambient = clients.filter(
    (client) => !client.gateway && dataplanesOf(mesh, client).includes("ambient"),
  );
  if (ambient.length === 0) return [];
  const names = [...new Set(ambient.map(clientText))].join(", ");
  return [
    `Clients in ${names} are in ambient mode: ztunnel follows no DestinationRule, and only a waypoint does. ` +
      "What is said of them here is what a sidecar would do; --calls says what becomes of their calls.",
  ];
}

/** What makes all that is said of a version of Istio less sure. */
export function versionNotes(facts: Partial<MeshFacts>): string[] {
  const why = unprovenVersion({ ...DEFAULT_FACTS, ...facts });
  return why === undefined ? [] : [`${why}.`];
}

/** How a run ends: what is known to be wrong counts before what isn't known. */
export function exitCodeOf(judgement: Judgement): ExitCode {
  const verdicts = [...judgement.verdicts, ...judgement.calls.map((row) => row.verdict)];
  if (verdicts.some(({ verdict }) => verdict === "violation")) return ExitCode.Violation;
  if (verdicts.some(({ verdict }) => verdict === "undecided")) return ExitCode.Undecided;
  return ExitCode.Ok;
}

/** Says of an object that it isn't modelled, and what it can change. */
export function unmodelledText({ object, why }: Unmodelled): string {
  return `${object.kind} ${refText(object)} isn't modelled: ${why}.`;
}

/** `namespace`, `namespace:label=value`, `namespace (gateway)`: as `--client` takes it. */
export function clientText({ namespace, labels = {}, gateway = false }: Client): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return (
    namespace + (pairs.length > 0 ? `:${pairs.join(",")}` : "") + (gateway ? " (gateway)" : "")
  );
}
