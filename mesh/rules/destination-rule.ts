import { at, creationTime, isPlain, items, labelsOf, refOf, text, texts } from "../input/plain.js";
import type { Labels, Plain } from "../input/plain.js";
import { resolveHost } from "../input/hosts.js";
import type { ObjectRef } from "../input/kube-object.js";
import { readTrafficPolicy, type Subset, type TrafficPolicy } from "./traffic-policy.js";

/** One DestinationRule, as istiod reads it. */
export interface DestinationRule {
  ref: ObjectRef;
  /** The object it was read from. */
  object: Plain;
  /** The resolved host, exact or a wildcard. */
  host: string;
  /** The literal set, sorted; empty when unset. A rule with a workloadSelector has just `.`. */
  exportTo: readonly string[];
  /** The labels of a workloadSelector; `{}` fits every workload of the namespace. */
  selector?: Labels;
  created: number;
  policy?: TrafficPolicy;
  subsets: readonly Subset[];
  /** It was derived from a policy, and rules of its host only leave it what they don't say. */
  yieldsToRules?: boolean;
}

/** Reads a DestinationRule of any of its API versions (they share one schema). */
export function readDestinationRule(object: Plain, clusterDomain: string): DestinationRule {
  const ref = refOf(object);
  const spec = at(object, "spec");
  const selector = at(spec, "workloadSelector");
  const host = resolveHost(text(at(spec, "host")), ref.namespace, clusterDomain);
  const origin = { ref, host };
  const rule: DestinationRule = {
    ref,
    object,
    host,
    exportTo: isPlain(selector) ? ["."] : [...new Set(texts(at(spec, "exportTo")))].sort(),
    created: creationTime(object),
    policy: readTrafficPolicy(at(spec, "trafficPolicy"), origin),
    subsets: items(at(spec, "subsets"))
      .filter(isPlain)
      .map((subset) => ({
        name: text(subset.name),
        labels: labelsOf(subset.labels),
        policy: readTrafficPolicy(subset.trafficPolicy, origin),
      })),
  };
  if (isPlain(selector)) rule.selector = labelsOf(selector.matchLabels);
  return rule;
}
