/** Where the model and istiod give different answers about one mesh. */
import {
  clustersOf,
  externalAliases,
  judge,
  readMesh,
  type Cluster,
  type Mesh,
} from "../../mesh/index.js";
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
  const live = judge(mesh, question.clients).filter(({ kind }) => kind === "live");
  const differences = question.clients.flatMap((_, client) => {
    const istiod = (sent[client] ?? [])
      .filter(({ host, tls }) => tls === "ISTIO_MUTUAL" && aliasHosts.has(host))
      .map((cluster): [string, string] => [placeOf(cluster), LIVE]);
    const model = live
      .filter(({ clientIndex }) => clientIndex === client)
      .map((verdict): [string, string] => [placeOf(verdict), LIVE]);
    return differencesBetween(client, new Map(istiod), new Map(model));
  });
  return { differences, violations: live.length };
}
