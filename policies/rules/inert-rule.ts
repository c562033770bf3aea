import type { InertReason, InertRule } from "../../mesh/index.js";
import type { Judgement } from "../judgement.js";
import { type Finding, type PolicyRule, framework, ISTIO_DESTINATION_RULE } from "../rule.js";
import { fullName } from "../stack-object.js";
import { entry, named } from "../wording.js";

/** A rule that was written for an alias does something. */
export const inertRule: PolicyRule = {
  metadata: {
    name: "egress-inert-rule",
    displayName: "Rules for aliases take effect",
    description: "No client will ever follow this rule, though it looks as if it were in force.",
    enforcementLevel: "advisory",
    severity: "medium",
    framework: framework("TLS settings for external services"),
    tags: ["istio", "destination-rule"],
    remediationSteps:
      "Write what works instead, as the message says: a ServiceEntry and a rule for an ExternalName's " +
      "target, the host's full name, the Service's own port; or remove the rule.",
    url: ISTIO_DESTINATION_RULE,
  },
  why: `Since Istio 1.21 an ExternalName is only another name for its target: it has no cluster that a
rule could act on, and the TLS that someone declared for it never happens. The same silence follows a
host such as \`my-wikipedia.default\`, which Istio takes as a complete name, a short name in another
namespace than the Service's, a setting for a target port, or a rule that every client passes over for
another one. A rule on an ExternalName is fine beside a ServiceEntry and a rule for its target that
carry the same intent out.`,
  example: {
    reported: `apiVersion: v1
kind: Service
metadata: { name: my-httpbin, namespace: default }
spec:
  type: ExternalName
  externalName: httpbin.org
  ports: [{ name: http, port: 80 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-httpbin, namespace: default }
spec:
  host: my-httpbin.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: DISABLE }
`,
    silent: `apiVersion: v1
kind: Service
metadata: { name: my-httpbin, namespace: default }
spec:
  type: ExternalName
  externalName: httpbin.org
  ports: [{ name: http, port: 80 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-httpbin, namespace: default }
spec:
  host: my-httpbin.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: DISABLE }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: httpbin, namespace: default }
spec:
  hosts: [httpbin.org]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ name: http, number: 80, protocol: HTTP }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: httpbin, namespace: default }
spec:
  host: httpbin.org
  trafficPolicy:
    tls: { mode: DISABLE }
`,
  },
  checkStack: (judgement) => {
    // What is forbidden needs no second report that it is also without effect.
    const forbidden = new Set(
      judgement.verdicts
        .filter(({ verdict }) => verdict === "violation")
        .map(({ rule }) => rule && fullName(rule)),
    );
    return (
      judgement.inert
        .filter(({ rule }) => !forbidden.has(fullName(rule)))
        // What has the host may be in another stack.
        .filter(({ reason, meant }) => reason !== "no-host" || meant !== undefined)
        .map((inert) => finding(inert, judgement))
    );
  },
};

const REASONS: Record<InertReason, string> = {
  "external-name": "its host is an ExternalName, which has no cluster of its own",
  "no-service-entry": "its host is an ExternalName's target, which nothing registers",
  "dead-host": "its host has a form that matches nothing",
  "wrong-namespace": "its short host means a Service of the rule's own namespace",
  shadowed: "every client that it is meant for follows another rule",
  "no-such-port": "it speaks of ports that the Service doesn't have",
  "no-host": "nothing has its host",
  "no-certificate": "its TLS needs a certificate that sidecars aren't given",
};

function finding(
  { rule, host, reason, alias, by, instead }: InertRule,
  { urnOf }: Judgement,
): Finding {
  const urn = urnOf(rule);
  return {
    message: [
      entry(named(rule), REASONS[reason]),
      entry("host", host),
      ...(alias ? [entry("alias", fullName(alias))] : []),
      ...(by ? [entry("they follow", named(by))] : []),
      entry("instead", instead),
    ].join("\n"),
    ...(urn ? { urn } : {}),
    about: { rule: fullName(rule), host, ...(alias ? { alias: fullName(alias) } : {}) },
  };
}
