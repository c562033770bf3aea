import { at, isPlain, items, type Plain, wholeNumber } from "../input/plain.js";
import { derivedTls } from "../rules/backend-tls-policy.js";
import type { RuleLevel } from "../rules/traffic-policy.js";

/** Where in a DestinationRule a `tls` stands. */
export interface TlsPlace {
  level: RuleLevel;
  port: number;
  subset: string;
}

/**
 * The `tls` of a DestinationRule at a place that the model named, or the one that a policy stands
 * for; undefined where there is none.
 */
export function tlsBlock(rule: Plain, { level, port, subset }: TlsPlace): Plain | undefined {
  const derived = derivedTls(rule);
  if (derived) return derived;
  const isInSubset = level === "subset" || level === "subset-port";
  const subsets = items(at(rule, "spec", "subsets"));
  const holder = isInSubset ? subsets.find((one) => at(one, "name") === subset) : at(rule, "spec");
  const policy = at(holder, "trafficPolicy");
  const isForPort = level === "port" || level === "subset-port";
  const settings = items(at(policy, "portLevelSettings"));
  const block = isForPort
    ? settings.find((one) => wholeNumber(at(one, "port", "number")) === port)
    : policy;
  const tls = at(block, "tls");
  return isPlain(tls) ? tls : undefined;
}
