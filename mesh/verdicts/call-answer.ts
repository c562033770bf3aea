import type { Call, CallOutcome } from "../call/call.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Client } from "../scope/client.js";
import type { Alias } from "./alias.js";
import type { TlsIntent } from "./call-intent.js";

/**
 * What becomes of a call.
 * - `as-declared`: it arrives, encrypted as the rules for the alias say.
 * - `as-sent`: no proxy takes it, so it arrives as the application sends it.
 * - `istio-mutual-outside`: a server outside is sent Istio's mutual TLS, which it can't speak.
 * - `tls-in-tls`: the application encrypts, and the proxy encrypts once more.
 * - `in-clear`: a rule says SIMPLE or MUTUAL, and nothing encrypts the call.
 * - `elsewhere`: another host's cluster carries it, and no route says so.
 * - `fails`: no route or no cluster, or a policy that lets nothing unknown out.
 * - `undecided`: the objects don't decide it.
 */
export type CallAnswer =
  | "as-declared"
  | "as-sent"
  | "istio-mutual-outside"
  | "tls-in-tls"
  | "in-clear"
  | "elsewhere"
  | "fails"
  | "undecided";

/** One step of a call, and the proxy or server that makes it. */
export interface Hop {
  client: Client;
  outcome: CallOutcome;
  /** The VirtualService that leads here, or the rule that decides the TLS of the cluster. */
  route?: ObjectRef;
  rule?: ObjectRef;
  /** The Gateway that took the call before this step. */
  gateway?: ObjectRef;
}

/** The answer about one call. */
export interface CallVerdict {
  call: Call;
  /** What it is called by: the alias, or nothing that is known as one. */
  alias?: Alias;
  answer: CallAnswer;
  verdict: "ok" | "violation" | "undecided";
  /** What the rules for the alias say of TLS. */
  intent: TlsIntent;
  /** The worst way through, step by step. */
  hops: readonly Hop[];
  /** What decides, where one object does. */
  decidedBy?: ObjectRef;
  /** Why, where the answer alone doesn't say it: a clause. */
  reason?: string;
}

/** The answer about one way of a call. */
export type Judged = Pick<CallVerdict, "answer" | "hops" | "decidedBy" | "reason">;

/** From the worst to the best: of several ways the worst is shown. */
const SEVERITY: readonly CallAnswer[] = [
  "istio-mutual-outside",
  "fails",
  "tls-in-tls",
  "in-clear",
  "elsewhere",
  "undecided",
  "as-declared",
  "as-sent",
];

/** Whether an answer is a finding. */
export function verdictOfAnswer(answer: CallAnswer): CallVerdict["verdict"] {
  if (answer === "undecided") return "undecided";
  return answer === "as-declared" || answer === "as-sent" ? "ok" : "violation";
}

/** The worse of two. */
export function worse<T extends Judged>(a: T, b: T): T {
  return SEVERITY.indexOf(b.answer) < SEVERITY.indexOf(a.answer) ? b : a;
}
