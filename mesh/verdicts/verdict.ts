import type { EffectiveTls } from "../clusters/effective-tls.js";
import type { RuleLevel } from "../rules/traffic-policy.js";
import type { Client } from "../scope/client.js";
import type { AliasReason } from "./alias.js";
import type { ObjectRef, UnknownValue } from "../input/kube-object.js";

/** A value that isn't known, and what it could be. */
export interface CompletedValue extends UnknownValue {
  /** What stands there; a made-up text stands for any that nothing else has. */
  value?: unknown;
  /** The field isn't there. */
  isAbsent?: true;
}

/**
 * One way in which all that isn't known could turn out (a *completion*, in the words of the literature
 * on incomplete databases), and the answer that it gives.
 */
export interface Witness {
  verdict: "ok" | "violation";
  values: readonly CompletedValue[];
  /** Orders of creation, each with the oldest first; those of other objects make no difference. */
  oldestFirst: readonly (readonly ObjectRef[])[];
  /** Whether the alias leads outside the mesh, where the objects don't decide it. */
  leadsOutside?: boolean;
}

/**
 * The answer about one alias for one client, port and subset.
 * - `violation` / `live`: istiod sends a cluster with Istio's mutual TLS.
 * - `violation` / `declared`: a selected rule says ISTIO_MUTUAL, but there is no cluster it could
 *   act on (an ExternalName since Istio 1.21, a UDP port, a rule labelled for another revision of
 *   the control plane); it turns live on an older Istio, with a TCP port, under that revision.
 * - `undecided`: both answers are possible, and `witnesses` are completions that give them; `unknowns`
 *   (or `reason`) say what it depends on. Without witnesses there were too many completions to try.
 */
export interface Verdict {
  alias: ObjectRef;
  /** Why it counts as an external alias. */
  why: AliasReason;
  /** What the alias stands for, for people: an external name or the first addresses. */
  target: string;
  /** The host whose cluster carries the traffic: the alias's own, or its registered target's. */
  host: string;
  client: Client;
  /** The client's place in the list of clients. */
  clientIndex: number;
  port: number;
  subset: string;
  verdict: "ok" | "violation" | "undecided";
  kind?: "live" | "declared";
  /** What the client's sidecar will do; absent where there is no cluster or it isn't known. */
  tls?: EffectiveTls;
  /** The rule that the deciding `tls` block stands in. */
  rule?: ObjectRef;
  /** That rule's host, completed; a wildcard where it is about more than this host. */
  ruleHost?: string;
  level?: RuleLevel;
  /** Set where it holds only for proxies of another revision of the control plane. */
  revision?: string;
  unknowns?: UnknownValue[];
  /** Why it is undecided where no single value is to blame (creation order, labels of a client). */
  reason?: string;
  /** Where it is undecided: a completion that is well, and one that isn't. */
  witnesses?: readonly Witness[];
}

/** How bad an answer is; the worst is the smallest. */
export function severityOf({ verdict, kind }: Pick<Verdict, "verdict" | "kind">): number {
  return SEVERITY.indexOf(kind === undefined ? verdict : `${verdict} ${kind}`);
}

const SEVERITY = ["violation live", "violation declared", "undecided", "ok"];
