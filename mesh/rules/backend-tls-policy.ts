import type { MeshFacts } from "../input/mesh-facts.js";
import { at, isPlain, items, refOf, text, type Plain } from "../input/plain.js";
import type { Settings, TrafficPolicy } from "./traffic-policy.js";
import type { DestinationRule } from "./destination-rule.js";
import type { Service } from "../registry/service.js";
import { isBefore } from "../input/istio-version.js";

/**
 * BackendTLSPolicies of the Gateway API. istiod makes a DestinationRule of its own for each host of
 * what they target (pilot/pkg/config/kube/gateway `DestinationRuleCollection`): SIMPLE, for everyone.
 */

/** What a policy requires: the sidecar starts TLS and verifies the server. */
const SIMPLE: Settings = {
  tls: { mode: "SIMPLE", hasCertificates: false },
};

/**
 * The rules that istiod derives from policies. Several for one host require the same: istiod takes
 * the oldest one's server name, which decides nothing here.
 *
 * @param servicesByObject what policies may target: Services and ServiceEntries as they were read
 * @param facts older versions don't read policies, or let them win over rules
 */
export function rulesFromBackendTlsPolicies(
  policies: readonly Plain[],
  servicesByObject: ReadonlyMap<Plain, readonly Service[]>,
  facts: Pick<MeshFacts, "istioVersion">,
): DestinationRule[] {
  const active = isBefore(28, facts) ? [] : policies.filter((policy) => !isIgnored(policy));
  if (active.length === 0) return [];
  const targets = new Map(
    [...servicesByObject].map(([object, services]) => [targetText(refOf(object)), services]),
  );
  const rules = new Map<string, PolicyRule>();
  for (const policy of active) {
    const { namespace } = refOf(policy);
    for (const target of items(at(policy, "spec", "targetRefs")).filter(isPlain)) {
      const key = targetText({ kind: text(target.kind), namespace, name: text(target.name) });
      for (const service of targets.get(key) ?? []) {
        const { host } = service;
        const rule = rules.get(`${key}/${host}`) ?? ruleOf(policy, host);
        const isAttached = attach(rule.policy, service, text(target.sectionName));
        if (isAttached) rules.set(`${key}/${host}`, rule);
      }
    }
  }
  const yieldsToRules = !isBefore(31, facts);
  return [...rules.values()].map((rule) => ({ ...rule, yieldsToRules }));
}

/** The `tls` of the rule that istiod derives from a policy; undefined for any other object. */
export function derivedTls(object: Plain): Plain | undefined {
  if (object.kind !== "BackendTLSPolicy") return undefined;
  const validation = at(object, "spec", "validation");
  const names = items(at(validation, "subjectAltNames"));
  return {
    mode: "SIMPLE",
    sni: at(validation, "hostname"),
    subjectAltNames: names.map((name) => at(name, "hostname") ?? at(name, "uri")),
  };
}

function isIgnored(policy: Plain): boolean {
  const value = at(policy, "metadata", "annotations", "istio.io/ignore-policy-attachment");
  return text(value).toLowerCase() === "true";
}

function targetText({ kind, namespace, name }: { kind: string; namespace: string; name: string }) {
  return `${kind}/${namespace}/${name}`;
}

type PolicyRule = DestinationRule & { policy: TrafficPolicy };

function ruleOf(object: Plain, host: string): PolicyRule {
  const ref = refOf(object);
  return {
    ref,
    object,
    host,
    exportTo: [],
    // istiod gives it no time of creation, so it comes before all others.
    created: -1,
    policy: { origin: { ref, host }, ports: [] },
    subsets: [],
  };
}

/** Adds what one target reference requires; a section is a port's name, and has to be there. */
function attach(policy: TrafficPolicy, { ports }: Service, section: string): boolean {
  if (section === "") {
    policy.tls = SIMPLE.tls;
    return true;
  }
  const port = ports.find(({ name }) => name === section);
  if (!port) return false;
  policy.ports = [...policy.ports, { ...SIMPLE, number: port.number }];
  return true;
}
