import type { ShadowedRule } from "../../mesh/index.js";
import { groupBy } from "../../mesh/index.js";
import type { Judgement } from "../judgement.js";
import { type Finding, type PolicyRule, framework, ISTIO_DESTINATION_RULE } from "../rule.js";
import { wikipedia } from "../rule-example.js";
import { fullName } from "../stack-object.js";
import { describeClients, entry, named } from "../wording.js";

/** What a rule says about an alias's TLS holds for every client that can see the rule. */
export const shadowedRule: PolicyRule = {
  metadata: {
    name: "egress-shadowed-rule",
    displayName: "Rules for aliases aren't hidden by others",
    description: "Some clients follow another rule than the one written for the alias.",
    enforcementLevel: "advisory",
    severity: "medium",
    framework: framework("TLS settings for external services"),
    tags: ["istio", "destination-rule"],
    remediationSteps:
      "Narrow the rule that hides it (its host, its exportTo, its namespace), or write the alias's TLS " +
      "settings into the namespace of the clients too.",
    url: ISTIO_DESTINATION_RULE,
  },
  why: `A client looks for rules in its own namespace first, then in the Service's, then in the root
namespace, and stops at the first that has any for the host: a wildcard in the client's namespace beats
the exact rule beside the Service. Two rules for one host are merged so that the older one's policy
wins as a whole. Either way the TLS that was written for the alias doesn't hold for those clients,
although nothing fails yet.`,
  example: {
    reported: `${wikipedia("tls")}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-wikipedia, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: DISABLE }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: limits, namespace: shop }
spec:
  host: "*.local"
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 10 } }
`,
    silent: `${wikipedia("tls")}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-wikipedia, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: DISABLE }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: limits, namespace: shop }
spec:
  host: "*.shop.svc.cluster.local"
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 10 } }
`,
  },
  checkStack: (judgement) =>
    groupBy(judgement.shadowed, ({ rule, by, alias, host }) =>
      JSON.stringify([rule, by, alias, host]),
    ).map((same) => finding(same, judgement)),
};

function finding(same: readonly ShadowedRule[], { clients, urnOf }: Judgement): Finding {
  const [{ rule, by, alias, host }] = same as [ShadowedRule];
  const urn = urnOf(by) ?? urnOf(rule);
  return {
    message: [
      entry(named(by), `is followed instead of ${named(rule)}, which was written for the alias`),
      entry("alias", `${fullName(alias)}, host ${host}`),
      entry(
        "clients",
        describeClients(
          same.map(({ client }) => client),
          clients,
        ),
      ),
      entry("instead", `narrow ${named(by)}, or say the alias's TLS in those namespaces too`),
    ].join("\n"),
    ...(urn ? { urn } : {}),
    about: { rule: fullName(rule), alias: fullName(alias), host },
  };
}
