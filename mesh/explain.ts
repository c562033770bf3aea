import { isWildcard } from "./hosts.js";
import type { ObjectRef } from "./objects.js";
import type { Client, Verdict } from "./verdict.js";

/** A verdict in words for people. Sentences aren't broken into lines: that is for who shows them. */
export interface Explanation {
  /** What is wrong (or right, or not known), where and for whom. */
  summary: string;
  /** What to do about it; "" where nothing is to be done. */
  fix: string;
  /** What to write, where an object can be written down; lines of at most 100 columns. */
  yaml?: string;
}

/** More unknown values than these are counted, not named. */
const MOST_UNKNOWNS = 3;

/** Says what a verdict means and what to do about it. */
export function explain(verdict: Verdict): Explanation {
  const summary = `${opening(verdict)}: ${bodyOf(verdict)}`;
  if (verdict.verdict === "ok") return { summary, fix: "" };
  if (verdict.verdict === "undecided") return { summary, fix: undecidedFix(verdict) };
  return { summary, fix: fixOf(verdict), yaml: yamlFor(verdict) };
}

function bodyOf(verdict: Verdict): string {
  if (verdict.verdict === "ok") return okBody(verdict);
  if (verdict.verdict === "undecided") return undecidedBody(verdict);
  return verdict.kind === "live" ? liveBody(verdict) : declaredBody(verdict);
}

function opening(verdict: Verdict): string {
  const { alias, target, host, port, subset, client } = verdict;
  const place = [
    ...(isOwnHost(verdict) ? [] : [`host ${host}`]),
    port === 0 ? "any port" : `port ${port}`,
    ...(subset === "" ? [] : [`subset ${subset}`]),
  ];
  return `${refText(alias)} (${target}), ${place.join(", ")}, for ${clientText(client)}`;
}

/** The alias is called by its own host, not by its target's. */
function isOwnHost({ host, alias, why }: Verdict): boolean {
  return host.startsWith(`${alias.name}.${alias.namespace}.`) || why === "declared";
}

function clientText({ namespace, labels, gateway }: Client): string {
  const who = gateway ? "gateways" : "clients";
  const selected = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const which = selected.length > 0 ? ` with ${selected.join(",")}` : "";
  return `${who} in namespace ${namespace}${which}`;
}

const OK = {
  PLAIN: "the sidecar sends what the application sends",
  AUTO: "the sidecar sends what the application sends, since no endpoint has a sidecar",
  SIMPLE: "the sidecar starts TLS",
  MUTUAL: "the sidecar starts TLS with a certificate of its own",
  ISTIO_MUTUAL: "the sidecar sends Istio's mutual TLS",
};

function okBody({ tls, rule }: Verdict): string {
  const what = tls ? OK[tls] : "nothing asks for Istio's mutual TLS";
  return `${what}${rule ? ` (${ruleText(rule)})` : ""}.`;
}

/** `DestinationRule n/r (host *.local, trafficPolicy.tls) says ISTIO_MUTUAL`. */
function culprit({ rule, ruleHost, host, level, subset }: Verdict): string {
  if (!rule) return "PASSTHROUGH for a port makes automatic mutual TLS unconditional";
  const levels = {
    top: "trafficPolicy.tls",
    port: "trafficPolicy.portLevelSettings",
    subset: `trafficPolicy.tls of subset ${subset}`,
    "subset-port": `portLevelSettings of subset ${subset}`,
  };
  const where = [
    ...(ruleHost === undefined || ruleHost === host ? [] : [`host ${ruleHost}`]),
    ...(level ? [levels[level]] : []),
  ];
  return `${ruleText(rule)} (${where.join(", ")}) says ISTIO_MUTUAL`;
}

function liveBody(verdict: Verdict): string {
  return (
    `Istio's mutual TLS is sent to a server outside the mesh, and every call fails: ` +
    `${culprit(verdict)}.`
  );
}

function declaredBody(verdict: Verdict): string {
  const { revision, why } = verdict;
  const clause =
    revision !== undefined
      ? `it holds for proxies of the control plane's revision ${revision}`
      : why === "external-name"
        ? "an ExternalName has no cluster that it could act on since Istio 1.21"
        : "there is no cluster that it could act on";
  return (
    `Istio's mutual TLS is declared for a server outside the mesh: ${culprit(verdict)}. ` +
    `It is only declared: ${clause}.`
  );
}

function undecidedBody({ unknowns = [], reason }: Verdict): string {
  const named = unknowns
    .slice(0, MOST_UNKNOWNS)
    .map(({ object, path }) => `${path} of ${object.kind} ${refText(object)}`);
  const more = unknowns.length - named.length;
  const values = listed([...named, ...(more > 0 ? [`${more} more`] : [])]);
  const why = [
    ...(values === "" ? [] : [`it depends on ${values}, not known yet`]),
    ...(reason === undefined ? [] : [reason]),
  ];
  return `whether Istio's mutual TLS is sent outside the mesh isn't known: ${why.join("; ")}.`;
}

function undecidedFix({ unknowns = [], reason = "" }: Verdict): string {
  const advice = [
    ...(unknowns.length > 0
      ? ["Write the value down instead of computing it, or judge again when it is known."]
      : []),
    ...(reason.includes("older")
      ? ["Write one rule for the host instead of several: then their age decides nothing."]
      : []),
  ];
  return advice.length > 0
    ? advice.join(" ")
    : "Name the host in externalHosts if it leads outside, or give its addresses a targetRef.";
}

const MODES =
  "DISABLE if the application speaks TLS itself (or none is wanted), SIMPLE with sni and " +
  "subjectAltNames if the sidecar is to start TLS";

function fixOf(verdict: Verdict): string {
  const { rule, ruleHost, host, target } = verdict;
  if (!rule) return `Write tls beside the port's PASSTHROUGH: ${MODES}.`;
  if (isExternalName(verdict)) {
    return (
      `Take ISTIO_MUTUAL out of ${ruleText(rule)}. To have a say in the TLS of calls to ${target}, ` +
      `declare a ServiceEntry for it and write a rule for that host: ${MODES}.`
    );
  }
  return ruleHost === host
    ? `Change the mode in ${ruleText(rule)}: ${MODES}.`
    : `Leave ${ruleText(rule)} to the hosts that it is right for, and write a rule for ${host} in ` +
        `namespace ${namespaceFor(verdict)}, which is looked at first: ${MODES}.`;
}

/** The alias has no cluster, so only its target's rules can do anything. */
function isExternalName(verdict: Verdict): boolean {
  return verdict.why === "external-name" && verdict.kind === "declared" && isOwnHost(verdict);
}

/**
 * Where an exact rule wins over the one that is followed: in the same namespace, since an exact
 * host comes before a wildcard there; instead of the root namespace, beside the Service.
 */
function namespaceFor(verdict: Verdict): string {
  const { rule, client, alias } = verdict;
  const isRoots =
    rule !== undefined &&
    rule.namespace !== client.namespace &&
    rule.namespace !== alias.namespace &&
    isOwnHost(verdict) &&
    alias.namespace !== "";
  return rule === undefined || isRoots ? alias.namespace : rule.namespace;
}

/** What to write instead: plaintext from the sidecar, with the other choice beside it. */
function yamlFor(verdict: Verdict): string {
  if (!isExternalName(verdict)) return ruleYaml(verdict, verdict.host);
  const { alias, target, port } = verdict;
  return [
    "apiVersion: networking.istio.io/v1",
    "kind: ServiceEntry",
    "metadata:",
    `  name: ${alias.name}`,
    `  namespace: ${alias.namespace}`,
    "spec:",
    `  hosts: [${JSON.stringify(target)}]`,
    "  location: MESH_EXTERNAL",
    "  resolution: DNS",
    "  ports:",
    `    - { number: ${port === 0 ? 443 : port}, name: tls, protocol: TLS }`,
    "---",
    ruleYaml(verdict, target),
  ].join("\n");
}

function ruleYaml(verdict: Verdict, host: string): string {
  const { rule, ruleHost, alias, level, port } = verdict;
  const isChange = rule !== undefined && ruleHost === host;
  const tls = [
    "tls:",
    "  mode: DISABLE # the application speaks for itself",
    "  # mode: SIMPLE # or: the sidecar starts TLS and checks the server",
    `  # sni: ${serverName(verdict)}`,
    `  # subjectAltNames: [${serverName(verdict)}]`,
  ];
  const isForPort = isChange && (level === "port" || level === "subset-port");
  const policy = isForPort
    ? ["portLevelSettings:", `  - port: { number: ${port} }`, ...tls.map((line) => `    ${line}`)]
    : tls;
  return [
    "apiVersion: networking.istio.io/v1",
    "kind: DestinationRule",
    "metadata:",
    `  name: ${isChange ? rule.name : alias.name.replace(/[^a-z0-9-]+/g, "-") || "egress"}`,
    `  namespace: ${isChange ? rule.namespace : namespaceFor(verdict)}`,
    "spec:",
    `  host: ${JSON.stringify(host)}`,
    "  trafficPolicy:",
    ...policy.map((line) => `    ${line}`),
    "",
  ].join("\n");
}

/** The name that the server's certificate has to show, as far as the alias tells. */
function serverName({ why, target }: Verdict): string {
  if (why !== "external-name" && why !== "service-entry") return "the.name.the.server.has";
  return isWildcard(target) ? `one-name${target.slice(1)}` : target;
}

function ruleText(rule: ObjectRef): string {
  return `${rule.kind} ${refText(rule)}`;
}

function refText({ namespace, name }: ObjectRef): string {
  const known = name === "" ? "(name not known yet)" : name;
  return namespace === "" ? known : `${namespace}/${known}`;
}

function listed(values: readonly string[]): string {
  if (values.length <= 1) return values.join("");
  return `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}
