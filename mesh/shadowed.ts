import { externalAliases } from "./aliases.js";
import { defaultClients } from "./clients.js";
import { compareRefs, compareText } from "./fields.js";
import { followedTowards, rulesByHost, type Followed } from "./followed.js";
import { isCoveredBy } from "./hosts.js";
import type { Mesh } from "./mesh.js";
import type { ObjectRef } from "./objects.js";
import { resolvePolicy } from "./policy.js";
import type { Rule } from "./rules.js";
import { unclearIn } from "./unclear.js";
import type { Client } from "./verdict.js";

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
  const unclear = unclearIn(mesh);
  const isClear = ({ object, host, ref }: Rule) =>
    !unclear?.blurred.has(object) && !unclear?.unorderedRules.get(host)?.includes(ref.namespace);
  return externalAliases(mesh)
    .flatMap((alias) => {
      const rules = table.allMatching(alias.host).flat().filter(isClear);
      const intents = rules.filter(hasIntent);
      if (intents.length === 0 || rules.length < 2) return [];
      return followedTowards(mesh, alias.host, clients).flatMap((followed) =>
        intents.flatMap((rule) => {
          const by = hider(mesh, rule, followed);
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
function hasIntent({ policy }: Rule): boolean {
  return [policy, ...(policy?.ports ?? [])].some(
    (settings) => settings?.tls !== undefined && settings.tls.mode !== "ISTIO_MUTUAL",
  );
}

/** The rule that hides another one from a client, if one does. */
function hider(
  mesh: Mesh,
  rule: Rule,
  { client, service, entry }: Followed,
): ObjectRef | undefined {
  const [first] = entry?.rules ?? [];
  if (!entry || !first || service.resolution === "alias") return undefined;
  if (entry.policy === rule.policy || !isVisible(mesh, rule, client, service.ref.namespace)) {
    return undefined;
  }
  // The followed rule is more specific: it is meant to win.
  if (first.host !== rule.host && isCoveredBy(first.host, rule.host)) return undefined;
  const differs = service.ports.some((port) => {
    const wanted = resolvePolicy(rule.policy, undefined, port.number).tls?.mode;
    const got = resolvePolicy(entry.policy, undefined, port.number);
    return wanted !== undefined && wanted !== "ISTIO_MUTUAL" && got.tls?.mode !== wanted;
  });
  return differs ? (entry.policy?.origin.ref ?? first.ref) : undefined;
}

/** Whether a client would look at a rule at all. */
function isVisible(mesh: Mesh, rule: Rule, client: Client, serviceNamespace: string): boolean {
  const { namespace } = rule.ref;
  if (rule.selector) return false;
  if (namespace === client.namespace) return true;
  if (namespace !== serviceNamespace && namespace !== mesh.facts.rootNamespace) return false;
  const { exportTo } = rule;
  return exportTo.length === 0 || exportTo.includes("*") || exportTo.includes(client.namespace);
}
