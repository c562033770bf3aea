import { selectorsIn } from "./clients.js";
import { HostTable } from "./hosts.js";
import type { Mesh } from "./mesh.js";
import { choose, lookUp, type PoolEntry } from "./pools.js";
import type { Rule } from "./rules.js";
import type { Service } from "./services.js";
import { importedService } from "./imports.js";
import type { Client } from "./verdict.js";

/** One entry that a client (or some workload of its class) follows towards a service. */
export interface Followed {
  client: Client;
  service: Service;
  entry: PoolEntry | undefined;
}

/** What the clients follow towards a host; each client class once for every entry it may follow. */
export function followedTowards(mesh: Mesh, host: string, clients: readonly Client[]): Followed[] {
  return clients.flatMap((client) => {
    const service = importedService(mesh, mesh.scopeOf(client), host);
    if (!service) return [];
    const rules = lookUp(mesh.pools, mesh.facts, host, service.ref.namespace);
    const entries = rules(client.namespace);
    const classes = client.labels ? [client.labels] : [{}, ...selectorsIn(mesh, client.namespace)];
    const chosen = classes.map((labels) => choose(entries, client.namespace, labels));
    return [...new Set(chosen)].map((entry) => ({ client, service, entry }));
  });
}

/** Whether a rule has a say in an entry that it was merged into. */
export function hasSayIn(rule: Rule, entry: PoolEntry): boolean {
  const { policy } = entry;
  if (rule.policy && (policy === rule.policy || policy?.parts?.includes(rule.policy))) return true;
  if (rule.subsets.some((subset) => entry.subsets.includes(subset))) return true;
  return !rule.policy && rule.subsets.length === 0 && entry.rules[0] === rule;
}

/** Rules by the host that they are about. */
export function rulesByHost(mesh: Mesh): HostTable<Rule[]> {
  const table = new HostTable<Rule[]>();
  for (const rule of mesh.rules) {
    const same = table.get(rule.host);
    if (same) same.push(rule);
    else table.set(rule.host, [rule]);
  }
  return table;
}
