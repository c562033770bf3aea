import {
  ANY_OTHER,
  type Client,
  explainCall,
  judgeCalls,
  type SharedCallVerdict,
} from "../../mesh/index.js";
import type { Judgement } from "../judgement.js";
import { type Finding, type PolicyRule, framework, ISTIO_TLS_ORIGINATION } from "../rule.js";
import { wikipedia } from "../rule-example.js";
import { fullName } from "../stack-object.js";
import { describeClients, entry, named } from "../wording.js";

/** A call to an alias takes its cluster, and is encrypted once. */
export const call: PolicyRule = {
  metadata: {
    name: "egress-call",
    displayName: "Calls to aliases arrive, and are encrypted once",
    description:
      "A call to an alias fails, goes elsewhere, in clear against a rule, or as TLS within TLS.",
    enforcementLevel: "advisory",
    severity: "high",
    framework: framework("TLS settings for external services"),
    tags: ["istio", "destination-rule", "virtual-service", "service-entry"],
    remediationSteps:
      "Let the application or the sidecar encrypt, not both. Give hosts on one TCP port addresses of their own. " +
      "Lead routes to hosts, ports and subsets that the clients have.",
    url: ISTIO_TLS_ORIGINATION,
  },
  why: `The TLS of a host's cluster matters only to calls that take it. An application that calls a port
named https encrypts by itself, and a sidecar with SIMPLE encrypts once more: the server answers with
WRONG_VERSION_NUMBER. Hosts without addresses on one TCP port share a listener, and the oldest gets all
calls. A route to a subset that no rule declares for the client ends in 503 NC. A workload whose
annotations keep a port from its sidecar, or that is in ambient mode, sends in clear what a rule for its
sidecar would encrypt. Only what is certain is reported: each port is taken for what its name declares.`,
  example: {
    reported: `${wikipedia("https")}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-wikipedia, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: SIMPLE, sni: en.wikipedia.org, subjectAltNames: [en.wikipedia.org] }
`,
    silent: `${wikipedia("https")}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-wikipedia, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: DISABLE }
`,
  },
  checkStack: (judgement) => {
    // What namespaces that nobody has shown would get isn't anybody's call.
    const shown = judgement.clients.filter(({ namespace }) => namespace !== ANY_OTHER.namespace);
    const verdicts = judgeCalls(judgement.mesh, shown);
    return verdicts
      .filter((verdict) => isReported(verdict, verdicts, judgement))
      .map((verdict) => finding(verdict, shown, judgement));
  },
};

/** Istio's mutual TLS, and rules that do nothing, are reported by rules of their own. */
function isReported(
  { answer, alias, call: made, decidedBy }: SharedCallVerdict,
  all: readonly SharedCallVerdict[],
  { inert }: Judgement,
): boolean {
  if (answer === "in-clear") {
    const rule = decidedBy && fullName(decidedBy);
    return !inert.some((one) => fullName(one.rule) === rule);
  }
  if (answer !== "tls-in-tls") return answer === "elsewhere" || answer === "fails";
  // A port that calls to another port are led to is there for those.
  const own = `outbound|${made.port}|`;
  return !all.some(
    ({ alias: other, call: led, hops }) =>
      other === alias &&
      led.port !== made.port &&
      hops.some(({ outcome }) => outcome.via === "cluster" && outcome.cluster.startsWith(own)),
  );
}

function finding(
  verdict: SharedCallVerdict,
  clients: readonly Client[],
  { urnOf }: Judgement,
): Finding {
  const { alias, call: made, clients: places, decidedBy, hops } = verdict;
  const { summary, seen, fix, hops: way } = explainCall(verdict);
  const callers =
    places.length > 0 ? places.flatMap((place) => clients[place] ?? []) : [made.client];
  const ref = decidedBy ?? hops.at(-1)?.rule ?? alias.ref;
  const urn = urnOf(ref) ?? urnOf(alias.ref);
  return {
    message: [
      entry(named(alias.ref), `port ${made.port}: ${summary}`),
      entry("clients", describeClients(callers, clients)),
      entry("way", way.join("; ")),
      ...(seen === undefined ? [] : [entry("seen as", seen)]),
      ...(fix === undefined ? [] : [entry("instead", fix)]),
    ].join("\n"),
    ...(urn ? { urn } : {}),
    about: { alias: fullName(alias.ref), host: alias.host },
  };
}
