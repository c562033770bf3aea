import { externalAliases } from "../verdicts/alias.js";
import { defaultClients } from "../verdicts/default-clients.js";
import { compareRefs, compareText } from "../input/plain.js";
import { rulesFollowedTowards, rulesByHost, type FollowedRule } from "./followed-rules.js";
import { isCoveredBy } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import type { ObjectRef } from "../input/kube-object.js";
import { resolvePolicy } from "../rules/traffic-policy.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import { findUncertainty } from "../unknown/partial-objects.js";
import type { Client } from "../scope/client.js";

/** A rule with an intent for an alias's TLS that another rule hides from a client. */
export interface ShadowedRule {
  rule: ObjectRef;
  /** The rule that the client follows. */
  by: ObjectRef;
  alias: ObjectRef;
  host: string;
  client: Client;
}

/**
 * Finds rules that say DISABLE, SIMPLE or MUTUAL for an alias, that a client can see, and that it
 * doesn't follow because a rule that is no more specific comes first. A general rule that gives way
 * to a more specific one isn't listed: that is what specific rules are for.
 *
 * @param clients the callers to look from; @default {@link defaultClients}
 */
export function shadowedRules(
  mesh: Mesh,
  clients: readonly Client[] = defaultClients(mesh),
): ShadowedRule[] {
  const table = rulesByHost(mesh);
  const uncertainty = findUncertainty(mesh);
  const isCertain = ({ object, host, ref }: DestinationRule) =>
    !uncertainty?.partialObjects.has(object) &&
    !uncertainty?.unorderedRules.get(host)?.includes(ref.namespace);
  return externalAliases(mesh)
    .flatMap((alias) => {
      const rules = table.allMatching(alias.host).flat().filter(isCertain);
      const intents = rules.filter(hasIntent);
      if (intents.length === 0 || rules.length < 2) return [];
      return rulesFollowedTowards(mesh, alias.host, clients).flatMap((followed) =>
        intents.flatMap((rule) => {
          const by = shadowingRule(mesh, rule, followed);
          const { client } = followed;
          return by ? [{ rule: rule.ref, by, alias: alias.ref, host: alias.host, client }] : [];
        }),
      );
    })
    .sort(
      (a, b) =>
        compareRefs(a.rule, b.rule) ||
        compareRefs(a.alias, b.alias) ||
        compareRefs(a.by, b.by) ||
        clients.indexOf(a.client) - clients.indexOf(b.client) ||
        compareText(a.host, b.host),
    );
}

/** Whether a rule says that TLS is to be something other than Istio's own. */
function hasIntent({ policy }: DestinationRule): boolean {
  return [policy, ...(policy?.ports ?? [])].some(
    (settings) => settings?.tls !== undefined && settings.tls.mode !== "ISTIO_MUTUAL",
  );
}

/** The rule that hides another one from a client, if one does. */
function shadowingRule(
  mesh: Mesh,
  rule: DestinationRule,
  { client, service, consolidated }: FollowedRule,
): ObjectRef | undefined {
  const [first] = consolidated?.rules ?? [];
  if (!consolidated || !first || service.resolution === "alias") return undefined;
  if (
    consolidated.policy === rule.policy ||
    !isVisible(mesh, rule, client, service.ref.namespace)
  ) {
    return undefined;
  }
  // The followed rule is more specific: it is meant to come first.
  if (first.host !== rule.host && isCoveredBy(first.host, rule.host)) return undefined;
  const differs = service.ports.some((port) => {
    const wanted = resolvePolicy(rule.policy, undefined, port.number).tls?.mode;
    const got = resolvePolicy(consolidated.policy, undefined, port.number);
    return wanted !== undefined && wanted !== "ISTIO_MUTUAL" && got.tls?.mode !== wanted;
  });
  return differs ? (consolidated.policy?.origin.ref ?? first.ref) : undefined;
}

/** Whether a client finds a rule at all. */
function isVisible(
  mesh: Mesh,
  rule: DestinationRule,
  client: Client,
  serviceNamespace: string,
): boolean {
  const { namespace } = rule.ref;
  if (rule.selector) return false;
  if (namespace === client.namespace) return true;
  if (namespace !== serviceNamespace && namespace !== mesh.facts.rootNamespace) return false;
  const { exportTo } = rule;
  return exportTo.length === 0 || exportTo.includes("*") || exportTo.includes(client.namespace);
}
