import { selectorsIn } from "../verdicts/default-clients.js";
import { HostTable } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import { rulesTowards } from "../clusters/clusters.js";
import { chooseRule, type ConsolidatedRule } from "../rules/destination-rule-index.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Service } from "../registry/service.js";
import { importedService } from "../scope/imported-service.js";
import type { Client } from "../scope/client.js";

/** What a client (or some workload of its class) follows towards a service. */
export interface FollowedRule {
  client: Client;
  service: Service;
  consolidated: ConsolidatedRule | undefined;
}

/**
 * What the clients follow towards a host: each client once for every consolidated rule that one of
 * its workloads follows.
 */
export function rulesFollowedTowards(
  mesh: Mesh,
  host: string,
  clients: readonly Client[],
): FollowedRule[] {
  return clients.flatMap((client) => {
    const service = importedService(mesh, mesh.sidecarScopeOf(client), host);
    if (!service) return [];
    const rules = rulesTowards(mesh, service)(client.namespace);
    const classes = client.labels ? [client.labels] : [{}, ...selectorsIn(mesh, client.namespace)];
    const chosen = classes.map((labels) => chooseRule(rules, client.namespace, labels));
    return [...new Set(chosen)].map((consolidated) => ({ client, service, consolidated }));
  });
}

/** Whether anything that a rule says is part of a consolidated rule that it was merged into. */
export function contributesTo(rule: DestinationRule, consolidated: ConsolidatedRule): boolean {
  const { policy } = consolidated;
  if (rule.policy && (policy === rule.policy || policy?.parts?.includes(rule.policy))) return true;
  if (rule.subsets.some((subset) => consolidated.subsets.includes(subset))) return true;
  return !rule.policy && rule.subsets.length === 0 && consolidated.rules[0] === rule;
}

/** Rules by the host that they are about. */
export function rulesByHost(mesh: Mesh): HostTable<DestinationRule[]> {
  const table = new HostTable<DestinationRule[]>();
  for (const rule of mesh.rules) {
    const same = table.get(rule.host);
    if (same) same.push(rule);
    else table.set(rule.host, [rule]);
  }
  return table;
}
