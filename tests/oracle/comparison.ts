/** Where the model and istiod give different answers about one mesh. */
import {
  clustersOf,
  externalAliases,
  judge,
  readMesh,
  type Cluster,
  type Mesh,
  type Verdict,
} from "../../mesh/index.js";
import { withHidden } from "./hidden.js";
import type { Answer, Outbound, Question } from "./question.js";

/** One place where the two differ; a side that is absent sends nothing. */
export interface Difference {
  /** Index in the question's clients. */
  client: number;
  /** `host:port` and the subset, if any. */
  place: string;
  istiod?: string;
  model?: string;
}

/** What was compared, for the statistics. */
export interface Comparison {
  differences: Difference[];
  /** Clusters that istiod sends. */
  clusters: number;
  /** Of them, how many towards external aliases are unconditional mutual TLS. */
  violations: number;
}

/**
 * Compares every cluster of every client both ways, and every live violation with the clusters that
 * istiod would send.
 */
export function compare(question: Question, answer: Answer): Comparison {
  const mesh = readMesh(question.objects, question.mesh);
  const sent = (answer.clients ?? []).map(({ clusters }) => clusters);
  const differences = question.clients.flatMap((client, index) =>
    clusterDifferences(index, sent[index] ?? [], clustersOf(mesh, client).map(outboundOf)),
  );
  const verdicts = compareVerdicts(mesh, question, sent);
  return {
    differences: [...differences, ...verdicts.differences],
    clusters: sent.flat().length,
    violations: verdicts.violations,
  };
}

/** The model's cluster in the words of the comparison. */
export function outboundOf({ rule, ...cluster }: Cluster): Outbound {
  return rule ? { ...cluster, rule: `${rule.namespace}/${rule.name}` } : cluster;
}

function clusterDifferences(client: number, istiod: Outbound[], model: Outbound[]): Difference[] {
  return differencesBetween(client, byPlace(istiod), byPlace(model));
}

function differencesBetween(
  client: number,
  istiod: Map<string, string>,
  model: Map<string, string>,
): Difference[] {
  const places = [...new Set([...istiod.keys(), ...model.keys()])].sort();
  return places
    .filter((place) => istiod.get(place) !== model.get(place))
    .map((place) => ({ client, place, istiod: istiod.get(place), model: model.get(place) }));
}

/** A place that a side names twice is told as such: no proxy accepts it. */
function byPlace(clusters: Outbound[]): Map<string, string> {
  const answers = new Map<string, string>();
  for (const cluster of clusters) {
    const place = placeOf(cluster);
    const before = answers.get(place);
    const now = `${cluster.tls}${cluster.rule === undefined ? "" : ` by ${cluster.rule}`}`;
    answers.set(place, before === undefined ? now : `${before}, and ${now}`);
  }
  return answers;
}

function placeOf({ host, port, subset }: Pick<Outbound, "host" | "port" | "subset">): string {
  return `${host}:${port}${subset === "" ? "" : ` ${subset}`}`;
}

const LIVE = "live violation";

/** Live violations on one side, unconditional mutual TLS towards the same aliases on the other. */
function compareVerdicts(
  mesh: Mesh,
  question: Question,
  sent: Outbound[][],
): { differences: Difference[]; violations: number } {
  const aliasHosts = new Set(
    externalAliases(mesh).flatMap(({ host, terminal }) => (terminal ? [host, terminal] : [host])),
  );
  const verdicts = judge(mesh, question.clients);
  const live = verdicts.filter(({ kind }) => kind === "live");
  const differences = question.clients.flatMap((_, client) => {
    const istiod = (sent[client] ?? [])
      .filter(({ host, tls }) => tls === "ISTIO_MUTUAL" && aliasHosts.has(host))
      .map((cluster): [string, string] => [placeOf(cluster), LIVE]);
    const model = live
      .filter(({ clientIndex }) => clientIndex === client)
      .map((verdict): [string, string] => [placeOf(verdict), LIVE]);
    return differencesBetween(client, new Map(istiod), new Map(model));
  });
  const hidden = question.hidden
    ? judge(
        readMesh(withHidden(question.objects, question.hidden), question.mesh),
        question.clients,
      )
    : [];
  return {
    differences: [
      ...differences,
      ...wrongTls([...verdicts, ...hidden], sent),
      ...(question.hidden ? missed(live, hidden) : []),
    ],
    violations: live.length,
  };
}

/** Verdicts that are sure of a TLS that istiod doesn't use, or of a violation where it sends nothing. */
function wrongTls(verdicts: readonly Verdict[], sent: Outbound[][]): Difference[] {
  return verdicts.flatMap((verdict) => {
    const place = placeOf(verdict);
    const cluster = sent[verdict.clientIndex]?.find((one) => placeOf(one) === place);
    if (verdict.tls === undefined || verdict.tls === cluster?.tls) return [];
    if (!cluster && verdict.kind !== "live") return [];
    const [istiod, model] = [cluster?.tls, `a verdict that is sure of ${verdict.tls}`];
    return [{ client: verdict.clientIndex, place, istiod, model }];
  });
}

/** Live violations of which the model says that all is well when values are hidden from it. */
function missed(live: readonly Verdict[], hidden: readonly Verdict[]): Difference[] {
  return live.flatMap((violation) => {
    const client = violation.clientIndex;
    const place = placeOf(violation);
    const mine = hidden.filter(({ clientIndex }) => clientIndex === client);
    const there = mine.filter((verdict) => placeOf(verdict) === place);
    // A place may not be known any more; then something has to be said about the client at least.
    const isSaid = (there.length > 0 ? there : mine).some(({ verdict }) => verdict !== "ok");
    return isSaid
      ? []
      : [{ client, place, istiod: LIVE, model: "all is well, with values hidden" }];
  });
}
