import { clusterName } from "../call/cluster-tls.js";
import type { Call, CallOutcome } from "../call/call.js";
import { gatewayHop } from "../call/gateways.js";
import { waysOf } from "../call/outcomes.js";
import type { Way } from "../call/way.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { aliasOf, isCertain, type Alias } from "./alias.js";
import { intentOf, type TlsIntent } from "./call-intent.js";

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

type Judged = Pick<CallVerdict, "answer" | "hops" | "decidedBy" | "reason">;

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

/**
 * Judges one call: its way, hop by hop, and whether it arrives outside as it is meant to.
 *
 * @param alias what the call is to; its rules say what is meant
 */
export function judgeCall(mesh: Mesh, call: Call, alias?: Alias): CallVerdict {
  const intent = intentOf(mesh, call, alias);
  const ways = waysOf(mesh, call);
  const judged: Judged[] =
    "undecided" in ways
      ? [{ answer: "undecided", hops: [], reason: ways.undecided }]
      : ways.map((way) => judgeWay(mesh, call, way, alias, intent));
  const worst = judged.reduce((a, b) =>
    SEVERITY.indexOf(b.answer) < SEVERITY.indexOf(a.answer) ? b : a,
  );
  return {
    call,
    ...(alias ? { alias } : {}),
    verdict: verdictOfAnswer(worst.answer),
    intent,
    ...worst,
  };
}

/**
 * Judges what a gateway does with calls that a route of its own leads to an alias.
 *
 * @param call its client is the gateway
 */
export function judgeGatewayRoute(mesh: Mesh, call: Call, alias: Alias, way: Way): CallVerdict {
  const intent = intentOf(mesh, call, alias);
  const judged = judgeLast(mesh, call, way, [hopOf(call.client, way)], alias, intent);
  return { call, alias, verdict: verdictOfAnswer(judged.answer), intent, ...judged };
}

function hopOf(client: Client, { outcome, rule, cluster }: Way): Hop {
  const hop: Hop = { client, outcome };
  if (rule) hop.route = rule;
  if (cluster?.outcome.origin) hop.rule = cluster.outcome.origin.ref;
  return hop;
}

function judgeWay(
  mesh: Mesh,
  call: Call,
  way: Way,
  alias: Alias | undefined,
  intent: TlsIntent,
): Judged {
  const hops = [hopOf(call.client, way)];
  const hop = way.cluster && gatewayHop(mesh, way.cluster, call);
  if (!hop) return judgeLast(mesh, call, way, hops, alias, intent);
  if (hop.mismatch !== undefined) {
    return { answer: "fails", hops, decidedBy: hop.gateway, reason: hop.mismatch };
  }
  const judged = hop.ways.map((next) =>
    judgeLast(
      mesh,
      call,
      next,
      [...hops, { ...hopOf(hop.client, next), gateway: hop.gateway }],
      alias,
      intent,
    ),
  );
  return judged.reduce((a, b) => (SEVERITY.indexOf(b.answer) < SEVERITY.indexOf(a.answer) ? b : a));
}

/** Judges the step that leaves the mesh, or ends the call. */
function judgeLast(
  mesh: Mesh,
  call: Call,
  way: Way,
  hops: readonly Hop[],
  alias: Alias | undefined,
  intent: TlsIntent,
): Judged {
  const { outcome, rule } = way;
  const by = rule ? { decidedBy: rule } : {};
  switch (outcome.via) {
    case "direct":
      return way.capture?.dataplane === "none"
        ? { answer: "as-sent", hops, reason: "the client has no proxy" }
        : unencrypted(call, intent, hops, "its proxy is told to leave this call alone");
    case "passthrough":
      return unencrypted(
        call,
        intent,
        hops,
        way.capture?.dataplane === "ambient"
          ? "ztunnel follows no DestinationRule, and no waypoint takes it"
          : "no listener or route knows it, so it passes as it is",
      );
    case "blackhole":
      return { answer: "fails", hops, reason: "REGISTRY_ONLY lets out only what Istio knows" };
    case "no-route":
      return { answer: "fails", hops, ...by, reason: "no route fits it" };
    case "no-cluster":
      return { ...withoutCluster(mesh, outcome.cluster, hops), ...by };
    case "response":
      return { answer: "fails", hops, ...by, reason: "the proxy answers by itself" };
    case "waypoint":
      return judgeWaypoint(call, outcome.next, way, hops, intent);
    case "cluster":
      return judgeCluster(mesh, call, way, hops, alias, intent);
  }
}

/** A Service of the cluster may be where the objects don't come from, such as a gateway's own. */
function withoutCluster(mesh: Mesh, cluster: string, hops: readonly Hop[]): Judged {
  const host = cluster.split("|")[3] ?? "";
  const mayExist = host.endsWith(`.svc.${mesh.facts.clusterDomain}`);
  return mayExist && mesh.registry.of(host).length === 0
    ? { answer: "undecided", hops, reason: `the Service of ${host} isn't among the objects` }
    : { answer: "fails", hops, reason: `${who(hops)} has no cluster ${cluster}` };
}

/** Judges what a waypoint does with a call: it starts TLS as the rules that it follows say. */
function judgeWaypoint(
  call: Call,
  next: readonly CallOutcome[],
  { cluster }: Way,
  hops: readonly Hop[],
  intent: TlsIntent,
): Judged {
  const [first] = next;
  if (first?.via !== "cluster") {
    return { answer: "fails", hops, reason: "the waypoint has no cluster for it" };
  }
  const origin = cluster?.outcome.origin?.ref;
  const by = origin ? { decidedBy: origin } : {};
  if (first.tls === "none") {
    return unencrypted(call, intent, hops, "the waypoint's cluster adds no TLS");
  }
  const reason = "the waypoint starts TLS of its own";
  return call.sends === "tls"
    ? { answer: "tls-in-tls", hops, ...by, reason }
    : { answer: "as-declared", hops, ...by };
}

function who(hops: readonly Hop[]): string {
  const client = hops.at(-1)?.client;
  return client?.gateway ? "the gateway" : "the client's sidecar";
}

function judgeCluster(
  mesh: Mesh,
  call: Call,
  { outcome, cluster, rule, displaced }: Way,
  hops: readonly Hop[],
  alias: Alias | undefined,
  intent: TlsIntent,
): Judged {
  if (outcome.via !== "cluster" || !cluster) return { answer: "undecided", hops };
  const { service } = cluster;
  const origin = cluster.outcome.origin?.ref;
  const by = origin ? { decidedBy: origin } : {};
  const outside = aliasOf(mesh, service);
  if (outcome.tls === "ISTIO_MUTUAL" && outside) {
    if (isCertain(outside)) return { answer: "istio-mutual-outside", hops, ...by };
    const reason = `whether ${service.host} leads outside isn't known, and it is sent Istio's mutual TLS`;
    return { answer: "undecided", hops, ...by, reason };
  }
  const own = [alias?.host, alias?.terminal];
  if (alias && !rule && hops.length === 1 && !own.includes(service.host)) {
    if (!service.host.startsWith("*")) return elsewhere(service.host, displaced, hops);
  }
  if ((displaced ?? []).some(({ by: first }) => first.host === service.host) && !rule) {
    const open = displaced?.filter(({ service: other }) =>
      hasNoAge(other.created, service.created),
    );
    if (open && open.length > 0) {
      const others = open.map(({ service: other }) => other.host).join(", ");
      const reason = `${service.host} shares its listener with ${others}, and which of them is older isn't known`;
      return { answer: "undecided", hops, reason };
    }
  }
  const isEncrypted = outcome.tls === "SIMPLE" || outcome.tls === "MUTUAL";
  if (isEncrypted && call.sends === "tls") {
    return {
      answer: "tls-in-tls",
      hops,
      ...by,
      reason: `${clusterName({ ...cluster.outcome, host: service.host })} starts TLS of its own`,
    };
  }
  if (isEncrypted || !outside) return { answer: "as-declared", hops, ...by };
  return unencrypted(call, intent, hops, `the cluster of ${service.host} adds no TLS`);
}

/** Objects without a timestamp were created in an order that files don't show. */
function hasNoAge(a: number, b: number): boolean {
  return a === b;
}

function elsewhere(host: string, displaced: Way["displaced"], hops: readonly Hop[]): Judged {
  const unknown = (displaced ?? []).some(
    ({ service, by }) => by.host === host && hasNoAge(service.created, by.created),
  );
  const why = `its listener leads to ${host}`;
  return unknown
    ? {
        answer: "undecided",
        hops,
        reason: `it shares its listener with ${host}, and which of them is older isn't known: the older one gets all calls`,
      }
    : { answer: "elsewhere", hops, reason: why };
}

function unencrypted(call: Call, intent: TlsIntent, hops: readonly Hop[], why: string): Judged {
  const isMeant = intent.mode === "SIMPLE" || intent.mode === "MUTUAL";
  if (!isMeant || call.sends === "tls") return { answer: "as-declared", hops };
  const by = intent.rule ? { decidedBy: intent.rule } : {};
  return { answer: "in-clear", hops, ...by, reason: why };
}
