import type { Advice } from "./advised.js";
import { adviceOn } from "./advice.js";
import { adviceYaml } from "./advice-yaml.js";
import { visible } from "./visible.js";
import { NO_NAME } from "../verdicts/alias.js";
import { ANY_OTHER } from "../verdicts/default-clients.js";
import { isWildcard } from "../input/hosts.js";
import { refOf } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Client } from "../scope/client.js";
import type { Verdict } from "../verdicts/verdict.js";
import { witnessWords } from "./witness-words.js";

/**
 * A verdict in words for people. Sentences aren't broken into lines: that is for who shows them. Names
 * in them show what can't be seen or would be obeyed by a terminal.
 */
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

/**
 * Says what a verdict means and what to do about it.
 *
 * @param mesh what was judged: then what is advised fits the names, ports and rules that are there
 */
export function explain(verdict: Verdict, mesh?: Mesh): Explanation {
  const summary = summarize(verdict);
  if (verdict.verdict === "ok") return { summary, fix: "" };
  if (verdict.verdict === "undecided")
    return { summary, fix: visible(undecidedFix(verdict, mesh)) };
  const advice = adviceOn(verdict, mesh);
  const fix = visible(fixOf(verdict, advice));
  if (!advice.remedy) return { summary, fix };
  return {
    summary,
    fix,
    // Written out only for who reads it.
    get yaml() {
      return adviceYaml(advice, serverName(verdict));
    },
  };
}

/** The summary of an {@link Explanation} alone: nothing is tried out for it. */
export function summarize(verdict: Verdict): string {
  return visible(`${opening(verdict)}: ${bodyOf(verdict)}`);
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
  const where = namespace === ANY_OTHER.namespace ? namespace : `namespace ${namespace}`;
  return `${who} in ${where}${which}`;
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
  if (!rule) {
    return "without a word on TLS, clusters of PASSTHROUGH and headless Services get it unconditionally";
  }
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

function undecidedBody(verdict: Verdict): string {
  const { unknowns = [], reason } = verdict;
  const named = unknowns
    .slice(0, MOST_UNKNOWNS)
    .map(({ object, path }) => `${path} of ${object.kind} ${refText(object)}`);
  const more = unknowns.length - named.length;
  const values = listed([...named, ...(more > 0 ? [`${more} more`] : [])]);
  const why = [
    ...(values === "" ? [] : [`it depends on ${values}, not known yet`]),
    ...(reason === undefined ? [] : [reason]),
    ...(isByAlias(verdict) ? [] : [witnessWords(verdict)].filter((words) => words !== "")),
  ];
  return `whether Istio's mutual TLS is sent outside the mesh isn't known: ${why.join("; ")}.`;
}

/** Then the reason says it all. */
function isByAlias({ witnesses = [] }: Verdict): boolean {
  return witnesses.every(
    ({ values, oldestFirst }) => values.length === 0 && oldestFirst.length === 0,
  );
}

/** Whether the order of creation alone makes the difference. */
function isByOrder([a, b]: NonNullable<Verdict["witnesses"]>): boolean {
  if (!a || !b) return false;
  const same = (key: "values" | "oldestFirst") => JSON.stringify(a[key]) === JSON.stringify(b[key]);
  return same("values") && !same("oldestFirst");
}

function undecidedFix({ alias, why, unknowns = [], witnesses = [] }: Verdict, mesh?: Mesh): string {
  const advice = [
    ...(unknowns.length > 0
      ? ["Write the value down instead of computing it, or judge again when it is known."]
      : []),
    ...(isByOrder(witnesses)
      ? ["Write one rule for the host instead of several: then their age decides nothing."]
      : []),
  ];
  if (advice.length > 0) return advice.join(" ");
  if (why === "no-known-sidecar") {
    return "Write location: MESH_EXTERNAL if it leads outside, or the serviceAccount of its endpoints.";
  }
  const [missing, apart] =
    why === "unknown-service"
      ? ["that Service", ""]
      : ["its Endpoints or EndpointSlice", entriesApart(alias, mesh)];
  return `Judge it together with ${missing}, or name the host in externalHosts if it leads outside.${apart}`;
}

/** WorkloadEntries beside a Service without a selector look as if they were behind it. */
function entriesApart({ namespace }: ObjectRef, mesh: Mesh | undefined): string {
  const entry = mesh?.byKind.WorkloadEntry.map(refOf).find((one) => one.namespace === namespace);
  return entry
    ? ` ${ruleText(entry)} isn't behind it: a WorkloadEntry joins a Service only by the Service's selector.`
    : "";
}

const MODES =
  "DISABLE if the application speaks TLS itself (or none is wanted), SIMPLE with sni and " +
  "subjectAltNames if the sidecar is to start TLS";

const AUTOMATIC =
  "leave tls out, and automatic mutual TLS gives Istio's own to what has a sidecar and plaintext to the rest";

function fixOf(verdict: Verdict, { remedy, rule, target }: Advice): string {
  if (!remedy) return withoutRemedy(verdict);
  const modes = remedy === "AUTO" ? AUTOMATIC : MODES;
  return `${ruleFix(verdict, rule)}${target ? targetFix(target) : `: ${modes}.`}`;
}

/** Where no rule puts it right without harm, something else has to change. */
function withoutRemedy({ host, alias, rule }: Verdict): string {
  if (!host.includes(".")) {
    return `No rule can name the host ${host} alone: give ${ruleText(alias)} one with a dot.`;
  }
  const of = rule ? ` that ${ruleText(rule)} is right for` : "";
  return (
    `No rule for ${host} puts this right without taking encryption away from other calls${of}. Give ` +
    `what is outside the mesh a host of its own, and write a rule with DISABLE or SIMPLE for that.`
  );
}

function ruleFix({ rule: followed }: Verdict, { isChange, name, namespace, host }: Advice["rule"]) {
  if (isChange) {
    const rule = `DestinationRule ${namespace}/${name}`;
    return followed ? `Change the mode in ${rule}` : `Write tls into ${rule}, which leaves it out`;
  }
  const before = followed
    ? `Leave ${ruleText(followed)} to the hosts that it is right for, and write`
    : "Write";
  const after = followed ? ", which is looked at first" : "";
  return `${before} a rule for ${host} in namespace ${namespace}${after}`;
}

/** What calls by an ExternalName follow is a matter of its target. */
function targetFix({ host, entry, rule }: NonNullable<Advice["target"]>): string {
  const declare = entry ? `declare a ServiceEntry for ${host}` : "";
  const write = rule ? `write a rule for ${entry ? "that host" : host}` : "";
  const todo = [declare, write].filter(Boolean).join(" and ");
  return todo === ""
    ? `: ${MODES}. Calls follow the rule for ${host}.`
    : `. To have a say in the TLS of calls to ${host}, ${todo}: ${MODES}.`;
}

/** The name that the server's certificate has to show, as far as the alias says. */
function serverName({ why, target }: Verdict): string {
  if (why !== "external-name" && why !== "service-entry") return "the.name.the.server.has";
  // Of several names none is the server's, and of an address there is none.
  if (target === NO_NAME || /, | /.test(target)) return "the.name.the.server.has";
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
