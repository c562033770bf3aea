import { type Client, type Verdict, explain, groupBy } from "../../mesh/index.js";
import type { Judgement } from "../judgement.js";
import { type Finding, type PolicyRule, framework, ISTIO_TASK } from "../rule.js";
import { wikipedia } from "../rule-example.js";
import { fullName } from "../stack-object.js";
import { block, describeClients, entry, listed, named } from "../wording.js";

/** Istio's mutual TLS must not reach an external alias, from any client, on any port or subset. */
export const disallowIstioMutual: PolicyRule = {
  metadata: {
    name: "egress-disallow-istio-mutual",
    displayName: "No Istio mutual TLS towards external aliases",
    description: "Istio's mutual TLS must not be sent to servers outside the mesh.",
    enforcementLevel: "mandatory",
    severity: "high",
    framework: framework("TLS settings for external services"),
    tags: ["istio", "tls", "destination-rule"],
    remediationSteps:
      "Set the rule's tls.mode to DISABLE if the client speaks to the server as it is, or to SIMPLE " +
      "with sni and subjectAltNames if the sidecar is to start TLS.",
    url: ISTIO_TASK,
  },
  why: `A Service that stands for something outside the mesh (an ExternalName, or a Service without
a selector whose addresses lie outside) is no different from any other to a DestinationRule. A rule
with ISTIO_MUTUAL that reaches it, by its full name, by a short name, or by a wildcard such as
\`*.local\` somewhere else, makes every sidecar present a mesh certificate to a server that has never
heard of the mesh: each call fails. Which rule a client follows depends on its namespace, so the rule
is judged for every client, port and subset as istiod would choose.`,
  example: {
    reported: `${wikipedia("tls")}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-wikipedia, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: ISTIO_MUTUAL }
`,
    silent: `${wikipedia("tls")}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-wikipedia, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: DISABLE }
`,
  },
  checkStack: (judgement) => [
    ...grouped(judgement.verdicts.filter(({ verdict }) => verdict === "violation")).map((group) =>
      finding(group, judgement),
    ),
    ...groupBy(judgement.verdicts.filter(isUntried), ({ alias, host }) =>
      JSON.stringify([alias, host]),
    ).map((same) => untried(same, judgement)),
  ],
};

/** Something could be wrong, but there was too much to try to find out. */
function isUntried({ verdict, witnesses = [] }: Verdict): boolean {
  return verdict === "undecided" && witnesses.length === 0;
}

/** What couldn't be judged at all doesn't pass as if it had been. */
function untried(verdicts: readonly Verdict[], { clients, urnOf }: Judgement): Finding {
  const [first] = verdicts as [Verdict];
  const { alias, host, reason } = first;
  const judged = new Map<number, Client>(verdicts.map((one) => [one.clientIndex, one.client]));
  const message = [
    entry(fullName(alias), "it couldn't be tried whether it is safe"),
    entry("host", host),
    ...(reason ? [entry("because", reason)] : []),
    entry("clients", describeClients([...judged.values()], clients)),
    entry("instead", "write down values that are known, so that fewer are left open"),
  ].join("\n");
  return { message, urn: urnOf(alias), about: { alias: fullName(alias), host } };
}

/** Violations of one alias by one rule that are the same for a number of clients. */
interface Group {
  first: Verdict;
  clients: Client[];
  places: string[];
}

function grouped(violations: readonly Verdict[]): Group[] {
  const byCause = groupBy(violations, (verdict) => {
    const { alias, host, rule, kind } = verdict;
    return JSON.stringify([alias, host, rule, kind, levelInWords(verdict)]);
  });
  return byCause.flatMap((sameCause) => {
    const byClient = groupBy(sameCause, ({ clientIndex }) => String(clientIndex)).map(
      (verdicts) => ({
        verdicts,
        places: placesOf(verdicts),
      }),
    );
    return groupBy(byClient, ({ places }) => places.join()).map((same) => ({
      first: same[0].verdicts[0],
      clients: same.map(({ verdicts }) => verdicts[0].client),
      places: same[0].places,
    }));
  });
}

/** `port 443`, `port 443 (subset v1)`; an alias without ports has none to name. */
function placesOf(verdicts: readonly Verdict[]): string[] {
  return verdicts.map(({ port, subset }) =>
    [port === 0 ? "any port" : `port ${port}`, subset && `(subset ${subset})`]
      .filter(Boolean)
      .join(" "),
  );
}

function finding({ first, clients, places }: Group, judgement: Judgement): Finding {
  const { alias, host, target, rule, kind } = first;
  const { fix, yaml } = explain(first, judgement.mesh);
  const outcome =
    kind === "live"
      ? "sidecars would send it Istio's mutual TLS, and every call would fail"
      : "a rule declares Istio's mutual TLS for it, though no call follows it yet";
  const lines = [
    entry(`${fullName(alias)} (${target})`, outcome),
    entry("host", `${host}, ${listed(places)}`),
    entry("rule", rule ? `${named(rule)}, ${levelInWords(first)}` : "none: the mesh's own default"),
    entry("clients", describeClients(clients, judgement.clients)),
    ...doubt(judgement),
    ...(fix ? [entry("instead", fix)] : []),
    ...(yaml ? [block(yaml)] : []),
  ];
  return {
    message: lines.join("\n"),
    urn: (rule && judgement.urnOf(rule)) ?? judgement.urnOf(alias),
    about: {
      alias: fullName(alias),
      ...(rule ? { rule: fullName(rule) } : {}),
      host,
    },
  };
}

/** Said where it may be a false alarm for that. */
function doubt({ cluster: { doubtful } }: Judgement): string[] {
  if (doubtful.length === 0) return [];
  const text =
    `the providers ${listed(doubtful)} count as one, because nothing identifies their clusters; ` +
    "give each a clusterIdentifier if they are several";
  return [entry("cluster", text)];
}

function levelInWords({ level, port, subset }: Verdict): string {
  switch (level) {
    case "port":
      return `for port ${port} (trafficPolicy.portLevelSettings)`;
    case "subset":
      return `in subset ${subset} (subsets[].trafficPolicy.tls)`;
    case "subset-port":
      return `in subset ${subset} for port ${port} (subsets[].trafficPolicy.portLevelSettings)`;
    case "top":
    case undefined:
      return "at its top level (trafficPolicy.tls)";
  }
}
