import type { Mesh } from "../mesh.js";
import { chooseRule, lookUpRules, type ConsolidatedRule } from "../rules/destination-rule-index.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Client } from "../scope/client.js";
import { importedService } from "../scope/imported-service.js";
import { capturesOf } from "./capture.js";
import { viewOf, type EgressView } from "./view.js";

/** Clients whose calls take the same routes: what may differ is which rules they follow towards a host. */
export interface ClientClass {
  clients: { client: Client; index: number }[];
}

/** Sorts clients by what their listeners and routes are made from, and by how they are captured. */
export function clientClasses(mesh: Mesh, clients: readonly Client[]): ClientClass[] {
  const views = new Map<EgressView, number>();
  const classes = new Map<string, ClientClass>();
  clients.forEach((client, index) => {
    if (client.gateway) return;
    const view = viewOf(mesh, client);
    const number = views.get(view) ?? views.size;
    views.set(view, number);
    const sidecar = mesh.sidecars.for(client.namespace, client.labels ?? {});
    const own = isToldApart(view) ? [client.namespace, client.labels] : [];
    const key = JSON.stringify([number, sidecar?.ref, capturesOf(mesh, client), own]);
    const same = classes.get(key);
    if (same) same.clients.push({ client, index });
    else classes.set(key, { clients: [{ client, index }] });
  });
  return [...classes.values()];
}

const distinguished = new WeakMap<EgressView, boolean>();

/** Whether some route is for callers of some namespace, or with some labels. */
function isToldApart(view: EgressView): boolean {
  let answer = distinguished.get(view);
  if (answer === undefined) {
    answer = view.listeners.some(
      ({ tellsCallersApart, rules }) =>
        tellsCallersApart ||
        rules.some(
          ({ http, isGatewayApi }) =>
            isGatewayApi ||
            http.some(({ matches }) =>
              matches.some(
                ({ sourceLabels, sourceNamespace }) =>
                  sourceNamespace !== "" || Object.keys(sourceLabels).length > 0,
              ),
            ),
        ),
    );
    distinguished.set(view, answer);
  }
  return answer;
}

/** What distinguishes clients of one class: the rule that each follows towards a host. */
export type FollowedRule = (client: Client) => DestinationRule | ConsolidatedRule | undefined;

/** Finds the rules of clients of one class towards a host, looked up once for all of them. */
export function followedRule(
  mesh: Mesh,
  host: string,
  [first]: ClientClass["clients"],
): FollowedRule {
  const scope = first && mesh.sidecarScopeOf(first.client);
  const service = scope ? importedService(mesh, scope, host) : undefined;
  const namespace = service?.ref.namespace ?? mesh.registry.of(host)[0]?.ref.namespace ?? "";
  const rulesFor = lookUpRules(mesh.destinationRuleIndex, mesh.facts, host, namespace);
  return ({ namespace: own, labels }) => {
    const consolidated = chooseRule(rulesFor(own), own, labels ?? {});
    // One rule is consolidated once for each namespace that it is in.
    return consolidated?.rules.length === 1 ? consolidated.rules[0] : consolidated;
  };
}
