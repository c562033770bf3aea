import type { AliasReason } from "./aliases.js";
import type { ObjectRef, UnknownValue } from "./objects.js";

/** One class of callers: every sidecar (or gateway) in a namespace that carries these labels. */
export interface Client {
  namespace: string;
  /** Absent: any workload of the namespace, so a rule with a workloadSelector may or may not fit. */
  labels?: Record<string, string>;
  /** A gateway (`router` proxy) rather than a sidecar. @default false */
  gateway?: boolean;
}

/** What a client's proxy does with TLS towards a cluster (research words: IM!, AUTO, PLAIN, ...). */
export type EffectiveTls = "PLAIN" | "AUTO" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";

/** One outbound cluster that istiod sends to a client. */
export interface Cluster {
  host: string;
  port: number;
  /** "" for the cluster without a subset. */
  subset: string;
  tls: EffectiveTls;
  /** The rule that decided; absent where no DestinationRule is selected. */
  rule?: ObjectRef;
}

/** Where in a DestinationRule the deciding `tls` stands. */
export type RuleLevel = "top" | "port" | "subset" | "subset-port";

/**
 * The answer about one alias for one client, port and subset.
 * - `violation` / `live`: istiod sends a cluster with Istio's mutual TLS.
 * - `violation` / `declared`: a selected rule says ISTIO_MUTUAL, but there is no cluster it could
 *   act on (an ExternalName since Istio 1.21, a UDP port, a rule labelled for another revision of
 *   the control plane); it turns live on an older Istio, with a TCP port, under that revision.
 * - `undecided`: both answers are possible; `unknowns` (or `reason`) say why.
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
  /** The client's place in the list that was asked about. */
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
}
