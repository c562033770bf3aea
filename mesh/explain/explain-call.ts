import type { CallOutcome } from "../call/call.js";
import { namedText } from "../input/kube-object.js";
import type { CallAnswer, CallVerdict, Hop } from "../verdicts/call-answer.js";

/** A call's verdict in words. */
export interface CallExplanation {
  /** One line for each hop: who, where to, with which TLS, and by which object. */
  hops: string[];
  /** What becomes of the call and why, in one sentence. */
  summary: string;
  /** What people see of it; absent where nothing is wrong. */
  seen?: string;
  /** What to write instead; absent where nothing is wrong. */
  fix?: string;
}

const MEANING: Readonly<Record<CallAnswer, string>> = {
  "as-declared": "it arrives as declared",
  "as-sent": "it arrives as the application sends it",
  "istio-mutual-outside": "a server outside the mesh is sent Istio's mutual TLS",
  "tls-in-tls": "TLS is sent within TLS",
  "in-clear": "it is sent in clear though a rule says it is encrypted",
  elsewhere: "it goes to another host",
  fails: "it fails",
  undecided: "the objects don't say",
};

/** Says what becomes of a call, what people see, and what to write instead. */
export function explainCall(verdict: CallVerdict): CallExplanation {
  const { answer, reason, decidedBy, hops } = verdict;
  const by = decidedBy ? ` (${namedText(decidedBy)})` : "";
  const explanation: CallExplanation = {
    hops: hops.map(hopLine),
    summary: `${MEANING[answer]}${reason === undefined ? "" : `: ${reason}`}${by}`,
  };
  const seen = seenOf(verdict);
  if (seen !== undefined) explanation.seen = seen;
  const fix = fixOf(verdict);
  if (fix !== undefined) explanation.fix = fix;
  return explanation;
}

/** `shop → outbound|443||h.org, SIMPLE (DestinationRule n/h)`. */
export function hopLine({ client, outcome, route, rule, gateway }: Hop): string {
  const from = client.gateway
    ? `gateway ${gateway ? namedText(gateway) : client.namespace}`
    : "the client";
  const by = [route, rule].filter((one) => one !== undefined).map(namedText);
  return `${from} → ${outcomeText(outcome)}${by.length > 0 ? ` (${by.join(", ")})` : ""}`;
}

/** An outcome in Envoy's words. */
export function outcomeText(outcome: CallOutcome): string {
  switch (outcome.via) {
    case "cluster":
      return `${outcome.cluster}, ${outcome.tls === "none" ? "no TLS added" : outcome.tls}`;
    case "no-cluster":
      return `${outcome.cluster}, which isn't there (NC)`;
    case "waypoint":
      return `waypoint ${outcome.waypoint} → ${outcome.next.map(outcomeText).join(" or ")}`;
    case "passthrough":
      return "PassthroughCluster, as it is sent";
    case "blackhole":
      return "BlackHoleCluster";
    case "direct":
      return "its own network, no proxy";
    case "no-route":
      return "no route (NR)";
    case "waits":
      return "a listener that waits for the client's first bytes";
    case "response":
      return "an answer of the proxy's own";
  }
}

/** What clients, and access logs, show of it. */
function seenOf({ answer, call, hops }: CallVerdict): string | undefined {
  const isHttp = call.sends === "http";
  const via = hops.at(-1)?.outcome.via;
  switch (answer) {
    case "istio-mutual-outside":
      return isHttp
        ? "503 with the flags UF: upstream connect error or disconnect/reset before headers"
        : "connection reset by peer (curl: SSL_ERROR_SYSCALL); the log has UF";
    case "tls-in-tls":
      return "WRONG_VERSION_NUMBER (tls: first record does not look like a TLS handshake)";
    case "in-clear":
      return "no error, or 400 from a server that expects TLS (plain HTTP request was sent to HTTPS port)";
    case "elsewhere":
      return "an answer, or a certificate, of another server";
    case "fails":
      if (via === "waits") return HANGS;
      return via && (isHttp ? FAILURES[via] : via === "response" ? undefined : RESET);
    case "as-declared":
    case "as-sent":
    case "undecided":
      return undefined;
  }
}

const RESET = "connection reset by peer";

/** What a client of HTTP gets where a call ends at its proxy. */
const FAILURES: Partial<Record<CallOutcome["via"], string>> = {
  "no-route": "404 with the flag NR",
  "no-cluster": "503 with the flag NC",
  blackhole: "502 from BlackHoleCluster",
};

const HANGS = "the connection hangs: no greeting of the server, then a timeout";

function fixOf({ answer, decidedBy, hops, call, alias }: CallVerdict): string | undefined {
  const last = hops.at(-1);
  const rule = decidedBy ? namedText(decidedBy) : "the DestinationRule";
  switch (answer) {
    case "istio-mutual-outside":
      return `Write DISABLE, or SIMPLE with sni and subjectAltNames, in place of ISTIO_MUTUAL in ${rule}, or a rule that is looked at first.`;
    case "tls-in-tls":
      return `Let one of the two encrypt: write DISABLE in ${rule} for port ${call.port}, or let the application send plain HTTP to a port that is declared as HTTP.`;
    case "in-clear":
      return last?.outcome.via === "direct"
        ? `Take port ${call.port} and its address out of the workload's traffic.sidecar.istio.io annotations, or let the application encrypt.`
        : `Write a ServiceEntry for ${alias?.terminal ?? alias?.host ?? call.address} and the tls settings for it on port ${call.port}: ${rule} reaches no cluster that this call takes.`;
    case "elsewhere":
      return "Give each host on this port an address of its own: `addresses` in its ServiceEntry, or DNS proxying with ISTIO_META_DNS_CAPTURE.";
    case "fails":
      return last && failureFix(last);
    case "as-declared":
    case "as-sent":
    case "undecided":
      return undefined;
  }
}

function failureFix({ outcome, route, client }: Hop): string | undefined {
  if (outcome.via === "blackhole") {
    return "Write a ServiceEntry for the host and port that is called, or set outboundTrafficPolicy to ALLOW_ANY.";
  }
  if (outcome.via === "waits") {
    return "Declare the protocol of the port: name it tcp (or mysql), and give its host an address of its own, or another port than HTTP and TLS have.";
  }
  if (outcome.via === "no-route") {
    return `Add a route without a match to ${route ? namedText(route) : "the VirtualService"}, or one that fits.`;
  }
  if (outcome.via !== "no-cluster") return undefined;
  const [, , subset = "", host = ""] = outcome.cluster.split("|");
  return subset === ""
    ? `Lead the route to a host and port that a Service or ServiceEntry has: an ExternalName has no cluster, and what namespace ${client.namespace} doesn't import has none there.`
    : `Declare subset ${subset} in a DestinationRule for ${host} that clients in ${client.namespace} follow: in their namespace, the host's own, or the root namespace.`;
}
