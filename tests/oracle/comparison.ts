/** Where the model and istiod give different answers about one mesh. */
import { clustersOf, readMesh, type Cluster } from "../../mesh/index.js";
import { differencesBetween, placeOf, type Difference } from "./difference.js";
import type { Answer, Outbound, Question } from "./question.js";
import { compareRulesWithoutEffect } from "./rules-without-effect.js";
import { compareVerdicts } from "./verdicts.js";

/** What was compared, for the statistics. */
export interface Comparison {
  differences: Difference[];
  /** Clusters that istiod sends. */
  clusters: number;
  /** Verdicts that such a cluster is a live violation. */
  violations: number;
}

/** Compares every cluster of every client both ways, and every verdict with the clusters that istiod would send. */
export function compare(question: Question, answer: Answer): Comparison {
  const mesh = readMesh(question.objects, question.mesh);
  const sent = (answer.clients ?? []).map(({ clusters }) => clusters);
  const differences = question.clients.flatMap((client, index) =>
    differencesBetween(
      index,
      byPlace(sent[index] ?? []),
      byPlace(clustersOf(mesh, client).map(outboundOf)),
    ),
  );
  const verdicts = compareVerdicts(mesh, question, sent);
  return {
    differences: [
      ...differences,
      ...verdicts.differences,
      ...compareRulesWithoutEffect(mesh, question, sent),
    ],
    clusters: sent.flat().length,
    violations: verdicts.violations,
  };
}

/** The model's cluster in the words of the comparison. */
export function outboundOf({ rule, ...cluster }: Cluster): Outbound {
  return rule ? { ...cluster, rule: `${rule.namespace}/${rule.name}` } : cluster;
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
