/**
 * The check of one DestinationRule by the API server, in CEL, as data. It reads the rule as Istio does
 * (hosts, ports, subsets), against the variables that `parameters.ts` writes.
 */
import type { ParameterVariables } from "./parameters.js";
import type { GuardChecks, Variable } from "./variable.js";

/** The policy at the top (an empty one if there is none), then the one of each subset. */
const POLICIES = `[object.?spec.?trafficPolicy.orValue({})] +
  object.?spec.?subsets.orValue([]).map(s, s.?trafficPolicy.orValue({}))`;

const saysMutual = (settings: string) => `${settings}.?tls.?mode.orValue("") == "ISTIO_MUTUAL"`;
const passesThrough = (settings: string) =>
  `${settings}.?loadBalancer.?simple.orValue("") == "PASSTHROUGH"`;
const hasTls = (settings: string) => `${settings}.?tls.hasValue()`;

/** A policy and its port level settings, all that may say something of TLS. */
const blocks = (policy: string) => `([${policy}] + ${policy}.?portLevelSettings.orValue([]))`;

/** The port level settings of a policy for a port. */
const ofPort = (policy: string, port: string) =>
  `${policy}.?portLevelSettings.orValue([]).filter(s, string(s.?port.?number.orValue(0)) == ${port})`;

/** What holds for a port: the first of its port level settings as a whole, else the policy itself. */
const settingsOf = (policy: string, port: string) => `(${ofPort(policy, port)} + [${policy}])[0]`;

const UNCHANGED = `object.?spec == oldObject.?spec &&
  object.metadata.?labels[?"istio.io/rev"] == oldObject.metadata.?labels[?"istio.io/rev"]`;

const MATCH_CONDITIONS: readonly Variable[] = [
  {
    // A rule that was there before the guard can still be labelled, and lose its finalizers.
    name: "changes-the-rule",
    expression: `request.operation == "CREATE" || !(${UNCHANGED})`,
  },
  {
    name: "may-be-mutual",
    expression: `(${POLICIES}).exists(t, ${blocks("t")}.exists(b, ${saysMutual("b")} || ${passesThrough("b")}))`,
  },
];

/**
 * Where no tls holds, PASSTHROUGH of a port or of a policy above makes Istio's automatic mutual TLS
 * unconditional, unless the cluster's own policy says PASSTHROUGH too.
 */
const AUTOMATIC_PORTS = `!variables.enableAutoMtls ? [] :
  variables.candidatePorts.filter(p,
    [${settingsOf("variables.policies[0]", "p")}].exists(base,
      (${passesThrough("base")} && !(${hasTls("base")}) && !(${passesThrough("variables.policies[0]")})) ||
      variables.subsets.exists(t,
        !(${passesThrough("t")}) &&
        [${settingsOf("t", "p")}].exists(own,
          !(${hasTls("own")}) &&
          (${ofPort("t", "p")}.size() > 0 || !(${hasTls("base")})) &&
          (${passesThrough("own")} || ${passesThrough("base")})))))`;

/** Only a rule in an alias's namespace, or in the root namespace, reaches clients elsewhere. */
const REACHES_NOBODY = `[object.?spec.?exportTo.orValue([])].exists(names,
    names.size() > 0 && !names.exists(n, n in ["*", "."] || n == request.namespace)) &&
  !object.?spec.?workloadSelector.hasValue() && request.namespace != variables.rootNamespace &&
  !(variables.host.startsWith("*")
    ? request.namespace in variables.namespaces
    : variables.host.endsWith("." + request.namespace + ".svc." + variables.clusterDomain))`;

const timesOf = (object: string) =>
  `${object}.metadata.?managedFields.orValue([]).filter(f, has(f.time)).map(f, string(f.time))`;

/** When the request was made, as far as it is known: CEL has no clock. */
const TIMES = `request.operation == "CREATE" ? [string(object.metadata.creationTimestamp)] :
  ${timesOf("object")}`;

/**
 * Whether the time of the request is among them. An API server notes none for a change that only
 * removes fields: then all of them are older, and no waiver holds.
 */
const IS_TIMED = `request.operation == "CREATE" ||
  [${timesOf("oldObject")}].exists(before, variables.times.exists(t, before.all(b, b < t)))`;

/** Hosts (or "*") that a waiver which speaks of this rule names, and whose last day isn't over. */
const SPEAKING = `!variables.isTimed ? [] : variables.waivers.filter(w,
  (w[1] == "*" || w[1] == request.namespace + "/" + object.metadata.name) &&
  variables.times.all(t, t < w[0] + "T24")).map(w, w[2])`;

const isWaived = (host: string) =>
  `variables.speaking.exists(w, w == ${host} || (w.startsWith("*.") && ${host}.endsWith(w.substring(1))))`;

/** The endings by which a text of lines has the rule's host. One search is enough for most rules. */
const endingsIn = (text: string) => `!${text}.contains(variables.needle) ? [] :
  variables.endings.filter(e, ${text}.contains(variables.needle + e))`;

/** The first host of a text that a wildcard covers. `indexOf` would go through the text by characters. */
const firstIn = (
  text: string,
  endings: string,
) => `[${text}.split(variables.needle + ${endings}[0], 2)[0].split("\\n")].map(lines,
  lines[lines.size() - 1] + variables.host.substring(1))[0]`;

/** The hosts of a text that the rule would be wrong for, and that no waiver speaks of, line by line. */
const unwaivedIn = (text: string) => `!${text}.contains(variables.needle) ? [] :
  ${text}.split("\\n").filter(l,
    variables.endings.exists(e, ("\\n" + l + "\\n").contains(variables.needle + e))).map(l,
      l.split(" ")[0]).filter(h, !(${isWaived("h")}))`;

/** Read from top to bottom: what the rule says, on which ports, and what it is about. */
const RULE: readonly Variable[] = [
  { name: "policies", expression: POLICIES },
  {
    name: "subsets",
    expression: `object.?spec.?subsets.orValue([]).map(s, s.?trafficPolicy.orValue({}))`,
  },
  {
    name: "says",
    expression: `variables.policies.exists(t, ${blocks("t")}.exists(b, ${saysMutual("b")}))`,
  },
  {
    name: "mutualPorts",
    expression: `variables.ports.filter(p,
      variables.policies.exists(t, ${saysMutual(settingsOf("t", "p"))}))`,
  },
  {
    // Those of the aliases, those that the rule names, and 0 for any other.
    name: "candidatePorts",
    expression: `["0"] + variables.ports + variables.policies.filter(t,
      t.?portLevelSettings.orValue([]).size() > 0).map(t, t.portLevelSettings.map(s, string(s.?port.?number.orValue(0))).join(",")).join(",").split(",")`,
  },
  { name: "automaticPorts", expression: AUTOMATIC_PORTS },
  { name: "written", expression: `object.?spec.?host.orValue("")` },
  {
    // Only a name without a dot is completed, with the rule's own namespace.
    name: "host",
    expression: `variables.written.contains(".") || variables.written in ["", "*"]
      ? variables.written
      : variables.written + "." + request.namespace + ".svc." + variables.clusterDomain`,
  },
  {
    // A star covers every name that ends with the rest, dots or not.
    name: "needle",
    expression: `variables.host.startsWith("*")
      ? variables.host.substring(1) + " "
      : "\\n" + variables.host + " "`,
  },
  { name: "reachesNobody", expression: REACHES_NOBODY },
  {
    // Of lines that the rule would be wrong for: "<host> <port>", or "<host> *" where the ports aren't
    // known, or "<host> outside" where Istio never starts mutual TLS by itself. The empty ending is any line's.
    name: "endings",
    expression: `(variables.says ? ["*\\n", "outside\\n"] : variables.automaticPorts.size() > 0 ? ["*\\n"] : []) +
      (variables.reachesNobody ? [] :
        (variables.mutualPorts + variables.automaticPorts).map(p, p + "\\n"))`,
  },
  { name: "times", expression: TIMES },
  { name: "isTimed", expression: IS_TIMED },
  { name: "speaking", expression: SPEAKING },
];

/** A text for each text of lines, each with a budget of its own; and what comes of all of them. */
function answers({ hosts, waivedHosts }: ParameterVariables): Variable[] {
  const found = [
    ...hosts.map((text) => endingsIn(`variables.${text}`)),
    ...waivedHosts.map((text) => unwaivedIn(`variables.${text}`)),
    `variables.endings.size() == 0 || ${isWaived("variables.host")} ? [] :
      variables.patterns.filter(p, variables.host.endsWith(p)).map(p, "*" + p)`,
  ].map((expression, index) => ({ name: `found${index}`, expression }));
  const examples = found.map(({ name }, index) => {
    const text = hosts[index];
    const first = text ? firstIn(`variables.${text}`, `variables.${name}`) : `variables.${name}[0]`;
    return `variables.${name}.size() > 0 ? ${first} :`;
  });
  return [
    ...found,
    {
      name: "isWrong",
      expression: `!variables.speaking.exists(w, w == "*") &&
        (${found.map(({ name }) => `variables.${name}.size() > 0`).join(" || ")})`,
    },
    {
      name: "alias",
      expression: `!variables.host.startsWith("*") ? variables.host :
        ${examples.join("\n")} variables.host`,
    },
    {
      name: "places",
      expression: `(${saysMutual("variables.policies[0]")} ? ["trafficPolicy.tls"] : []) +
        (variables.policies[0].?portLevelSettings.orValue([]).exists(s, ${saysMutual("s")})
          ? ["trafficPolicy.portLevelSettings"] : []) +
        object.?spec.?subsets.orValue([]).filter(s,
          ${blocks("s.?trafficPolicy.orValue({})")}.exists(b, ${saysMutual("b")})).map(s,
            "subset " + s.name)`,
    },
  ];
}

/** API servers drop a message of more than one line. */
const MESSAGE = `!variables.isWrong ? "" :
  "DestinationRule " + request.namespace + "/" + object.metadata.name + " (host " + variables.written + ") " +
  (variables.says
    ? "says ISTIO_MUTUAL (" + variables.places.join(", ") + ")"
    : "says PASSTHROUGH where no tls holds, which Istio turns into mutual TLS,") +
  " for " + variables.alias +
  (variables.host == variables.alias ? "" : " (which " + variables.host + " covers)") +
  ", a server outside the mesh. Nobody outside can speak Istio's mutual TLS, so every call would fail. " +
  "Write tls.mode DISABLE (the application speaks for itself) or SIMPLE with sni and subjectAltNames, " +
  "or a host that covers no external alias. " +
  "Some client may follow another rule instead, which this object alone can't show: " +
  "istio-egress judge -f <this rule and the mesh's objects> says what each client does."`;

/** The checks of a DestinationRule under some parameters. */
export function ruleQuestion(parameters: ParameterVariables): GuardChecks {
  return {
    matchConditions: MATCH_CONDITIONS,
    variables: [...parameters.variables, ...RULE, ...answers(parameters)],
    expression: "!variables.isWrong",
    message: MESSAGE,
  };
}
