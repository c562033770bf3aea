import type { ObjectRef } from "../input/kube-object.js";
import type { Verdict } from "../verdicts/verdict.js";
import { adviceOn } from "./advice.js";
import { visible } from "./visible.js";

/** A rule that holds for the API server too, in words. */
export interface ApiServerNote {
  /** Absent: nothing but the mesh's own default does it. */
  rule?: ObjectRef;
  text: string;
}

/**
 * Says which rules send Istio's mutual TLS to the API server: a note each. No verdict, for its Service
 * isn't among the objects.
 *
 * @param verdicts what `judgeApiServer` found
 * @param clientText how a client is named
 */
export function apiServerNotes(
  verdicts: readonly Verdict[],
  clientText: (client: Verdict["client"]) => string,
): ApiServerNote[] {
  const groups = new Map<string, [Verdict, ...Verdict[]]>();
  for (const verdict of verdicts) {
    const { namespace } = adviceOn(verdict).rule;
    const key = JSON.stringify([verdict.rule, verdict.verdict, namespace]);
    const group = groups.get(key);
    if (group) group.push(verdict);
    else groups.set(key, [verdict]);
  }
  return [...groups.values()].map(([first, ...others]) => ({
    rule: first.rule,
    text: visible(textOf(first, clientsText([first, ...others].map(({ client }) => client)))),
  }));

  function clientsText(clients: readonly Verdict["client"][]): string {
    const names = [...new Set(clients.map(clientText))];
    const more = names.length - MOST_CLIENTS;
    return more <= 1
      ? names.join(", ")
      : `${names.slice(0, MOST_CLIENTS).join(", ")} and ${more} more`;
  }
}

const MOST_CLIENTS = 3;

function textOf(verdict: Verdict, clients: string): string {
  const { rule, ruleHost, host } = verdict;
  const { namespace } = adviceOn(verdict).rule;
  const culprit = rule
    ? `${rule.kind} ${rule.namespace}/${rule.name} (host ${ruleHost ?? host})`
    : "The mesh's own default";
  const [holds, then] =
    verdict.verdict === "violation"
      ? ["holds", "send it Istio's mutual TLS, and every such call fails"]
      : ["may hold", "would then send it Istio's mutual TLS"];
  return (
    `${culprit} ${holds} for ${host} too, the API server, which every cluster has: clients in ${clients} ` +
    `${then}. A rule with DISABLE for ${host} in namespace ${namespace} is looked at first.`
  );
}
