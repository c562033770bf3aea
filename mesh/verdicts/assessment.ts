import type { Outcome } from "../clusters/clusters.js";
import type { ObjectRef, UnknownValue } from "../input/kube-object.js";
import type { Client } from "../scope/client.js";
import { isCertain, type Alias } from "./alias.js";
import { isMutual } from "./outcomes.js";
import type { Verdict, Witness } from "./verdict.js";

/** What an outcome means for an alias, before it is said of a client. */
export interface Assessment {
  alias: Alias;
  host: string;
  outcome: Outcome;
  verdict: Verdict["verdict"];
  /** There is (or may be) a cluster with Istio's mutual TLS. */
  isLive: boolean;
  /** The values that make the difference, where it is undecided. */
  unknowns?: UnknownValue[];
  /** Why it is undecided where no single value is to blame. */
  reason?: string;
  /** Completions that give different answers; absent: it is the alias that isn't known. */
  witnesses?: readonly Witness[];
}

/** Whether it leads outside isn't known: both may be. */
const MAY_LEAD_OUTSIDE: readonly Witness[] = [
  { verdict: "ok", values: [], oldestFirst: [], leadsOutside: false },
  { verdict: "violation", values: [], oldestFirst: [], leadsOutside: true },
];

/** Says whether an outcome is wrong: Istio's mutual TLS is, towards anything outside the mesh. */
export function assess(alias: Alias, host: string, outcome: Outcome): Assessment {
  const wrong = isCertain(alias) ? "violation" : "undecided";
  const verdict = isMutual(outcome) ? wrong : "ok";
  return { alias, host, outcome, verdict, isLive: outcome.tls === "ISTIO_MUTUAL" };
}

const NO_ADDRESS =
  "its addresses aren't among the objects, so whether it leads outside isn't known";
const NO_SERVICE =
  "it leads to a Service of the cluster that isn't among the objects, and that may lead outside";
const NO_SIDECAR =
  "its ServiceEntry says MESH_INTERNAL, but no sidecar is known behind it, so it may lead outside";

/** Why it isn't known whether an alias leads outside. */
function reasonOf({ why }: Alias): string {
  if (why === "no-known-sidecar") return NO_SIDECAR;
  return why === "unknown-service" ? NO_SERVICE : NO_ADDRESS;
}

/**
 * The verdict that an assessment is for a client. The client's place in the list is left at 0.
 *
 * @param ref what the verdict is about
 */
export function verdictOf(ref: ObjectRef, client: Client, assessment: Assessment): Verdict {
  const { alias, host, outcome, verdict: answer, isLive, unknowns = [], reason } = assessment;
  const verdict: Verdict = {
    alias: ref,
    why: alias.why,
    target: alias.target,
    host,
    client,
    clientIndex: 0,
    port: outcome.port,
    subset: outcome.subset,
    verdict: answer,
  };
  if (outcome.origin) {
    verdict.rule = outcome.origin.ref;
    verdict.ruleHost = outcome.origin.host;
    verdict.level = outcome.level;
  }
  if (answer === "undecided") {
    const why = reason ?? (unknowns.length === 0 ? reasonOf(alias) : undefined);
    if (unknowns.length > 0) verdict.unknowns = unknowns;
    if (why !== undefined) verdict.reason = why;
    const { witnesses = MAY_LEAD_OUTSIDE } = assessment;
    if (witnesses.length > 0) verdict.witnesses = witnesses;
    return verdict;
  }
  if (outcome.tls) verdict.tls = outcome.tls;
  if (answer === "violation") verdict.kind = isLive ? "live" : "declared";
  return verdict;
}
