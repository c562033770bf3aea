import { clientText } from "../judgement.js";
import {
  type Client,
  clustersTowards,
  ANY_OTHER,
  defaultClients,
  explain,
  groupBy,
  judge,
  type KubeObject,
  type Mesh,
  type MeshFacts,
  readMesh,
  type Verdict,
  objectText,
  refText,
  isOutsideMesh,
  type ProxyTls,
  severityOf,
  verifierOf,
} from "../../mesh/index.js";
import { type CallSummary, callSummary } from "./call.js";
import { declaredTls } from "./declared.js";
import { type PostureRow } from "./row.js";

/**
 * The posture of objects that live in one cluster: a row for each alias, client, port and subset,
 * in the order of {@link judge}.
 *
 * @param clients who calls; @default the clients that the objects themselves name, and any other
 *   namespace where something is wrong for its clients
 * @param more clients to judge besides those
 */
export function postureOf(
  objects: readonly KubeObject[],
  facts: Partial<MeshFacts> = {},
  clients?: readonly Client[],
  more: readonly Client[] = [],
): PostureRow[] {
  const mesh = readMesh(objects, facts);
  const callers = clients ?? [...defaultClients(mesh), ...more];
  const verdicts = judge(mesh, callers);
  const places = placesIn(verdicts);
  const shown = clients ? places : places.filter(isShown);
  const summarize = callSummary(mesh, callers);
  return shown.map((place) => rowOf(mesh, place, summarize));
}

/** Clients in namespaces that no object is in are judged in case they exist; only what is wrong is shown. */
function isShown(place: VerdictGroup): boolean {
  const [{ client }] = place;
  return client.namespace !== ANY_OTHER.namespace || place.some(({ verdict }) => verdict !== "ok");
}

/** The verdicts about one alias, client, port and subset; never none. */
type VerdictGroup = [Verdict, ...Verdict[]];

/**
 * An ExternalName is judged at its own host and at its target's, which are one place for a client that
 * calls it: what has no cluster is left out where the other host has one.
 */
function placesIn(verdicts: readonly Verdict[]): VerdictGroup[] {
  const calls = groupBy(
    verdicts,
    ({ alias, clientIndex }) => `${objectText(alias)}|${clientIndex}`,
  );
  return calls.flatMap((call) => {
    const carrier = call.find(({ tls }) => tls !== undefined) ?? call[0];
    const kept = call.filter(
      ({ verdict, tls, host }) => verdict !== "ok" || tls !== undefined || host === carrier.host,
    );
    return groupBy(kept, ({ port, subset }) => `${port}|${subset}`);
  });
}

function rowOf(mesh: Mesh, place: VerdictGroup, summarize: CallSummary): PostureRow {
  const worst = place.reduce((worst, one) => (severityOf(one) < severityOf(worst) ? one : worst));
  const carrier = place.find(({ tls }) => tls !== undefined) ?? worst;
  const { alias, target, client, port, subset, verdict, kind, level } = worst;
  const tls = tlsOf(mesh, worst, carrier);
  // A rule that nothing follows has decided nothing.
  const isFollowed = verdict !== "ok" || (tls !== "no cluster" && tls !== "no sidecar");
  const rule = isFollowed ? worst.rule : undefined;
  const said = verdict === "ok" ? undefined : explain(worst, mesh);
  const call = summarize(carrier);
  return {
    alias: refText(alias),
    target,
    client: clientText(client),
    port,
    subset,
    declared: declaredTls(mesh, worst),
    tls,
    verifier: verifierOf(mesh, tls, carrier),
    verdict,
    ...(kind && { kind }),
    ...(rule && { rule: refText(rule) }),
    ...(rule && level && { level }),
    ...(call !== undefined && { call }),
    ...(said && { finding: said.summary, fix: said.fix }),
  };
}

function tlsOf(mesh: Mesh, worst: Verdict, { tls, host, client, port, subset }: Verdict): ProxyTls {
  if (worst.verdict === "undecided") return "unknown";
  if (worst.verdict === "ok" && isOutsideMesh(mesh, client)) return "no sidecar";
  if (tls) return tls;
  // A cluster without TLS in its verdict: which of several right ways it will be isn't known yet.
  const isSent = clustersTowards(mesh, client, host).some(
    (cluster) => cluster.port === port && cluster.subset === subset,
  );
  return isSent ? "unknown" : "no cluster";
}
