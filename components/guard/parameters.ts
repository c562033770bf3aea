/**
 * The guard's parameters, as the first variables of its policy: the hosts of external aliases with
 * their ports, one a line. In one text a host is looked for in all lines at once, for less than a
 * comparison with each of them would cost.
 *
 * They stand in the policy and not in a parameter object (`paramKind`): once no binding uses a
 * built-in kind for parameters any more, API servers stop watching it for good, and a guard that comes
 * back would refuse everything, or judge by what was there then (kubernetes/kubernetes#130887).
 */
import { type MeshFacts, compareText } from "../../mesh/index.js";
import type { Variable } from "./variable.js";

/** An alias whose hosts no rule may send Istio's mutual TLS to. */
export interface GuardedAlias {
  /** Name of its Service. @example "my-httpbin" */
  name: string;
  /** Namespace of its Service. @example "default" */
  namespace: string;
  /** The DNS name that it stands for, which is guarded too, on all ports. @default none */
  externalName?: string;
  /** The ports that clients call. */
  ports: readonly { port: number }[];
  /** Whether its servers run in the cluster now: then only the external name is guarded. @default "outside" */
  location?: "outside" | "inside";
}

/** A violation that is accepted until a day; all that it names must agree. */
export interface GuardWaiver {
  /** The alias's Service, as namespace/name. */
  alias?: string;
  /** The DestinationRule, as namespace/name. */
  rule?: string;
  /** The host in full, or *.suffix. */
  host?: string;
  /** Who answers for it. */
  who: string;
  /** The reason. */
  why: string;
  /** The last day on which it holds (UTC), as 2026-12-31. */
  until: string;
}

/** Everything that the parameters are made of. */
export interface GuardParameters {
  aliases: readonly GuardedAlias[];
  waivers: readonly GuardWaiver[];
  mesh: Pick<MeshFacts, "clusterDomain" | "rootNamespace" | "enableAutoMtls" | "externalHosts">;
}

/** The variables of the parameters. */
export interface ParameterVariables {
  variables: Variable[];
  /** Names of those that hold the lines of hosts. */
  hosts: string[];
  /** Names of those that hold the lines of hosts that some waiver speaks of. */
  waivedHosts: string[];
}

/** Characters in one variable: CEL takes no expression of more than 100,000. */
const MAX_TEXT = 96_000;

/**
 * One alias's host, where it is and on which ports it is called: "*" where that isn't known, "outside"
 * where a ServiceEntry besides says MESH_EXTERNAL.
 */
interface GuardedHost {
  host: string;
  namespace?: string;
  ports: readonly (number | "*" | "outside")[];
}

/** All parameters of the guard. */
export function parameterVariables(
  parameters: GuardParameters,
  maxText = MAX_TEXT,
): ParameterVariables {
  const { mesh, waivers, aliases } = parameters;
  const hosts = guardedHosts(parameters);
  const waived = waivers.flatMap((waiver) => waivedBy(waiver, aliases, mesh.clusterDomain));
  const isNamed = ({ host }: GuardedHost) =>
    waived.some(({ host: named }) => named !== "*" && covers(named, host));
  const namespaces = hosts.flatMap(({ namespace }) => namespace ?? []);
  const ports = hosts.flatMap(({ ports }) => ports).filter((port) => typeof port === "number");
  const patterns = hosts.filter(({ host }) => host.startsWith("*"));
  const hostTexts = texts(
    "hosts",
    hosts.filter((host) => !isNamed(host)),
    maxText,
  );
  const waivedTexts = texts("waivedHosts", hosts.filter(isNamed), maxText);
  const named = Object.entries({
    clusterDomain: mesh.clusterDomain,
    enableAutoMtls: mesh.enableAutoMtls,
    rootNamespace: mesh.rootNamespace,
    namespaces: distinct(namespaces).sort(),
    ports: distinct(ports)
      .sort((a, b) => a - b)
      .map(String),
    patterns: patterns.map(({ host }) => host.slice(1)),
    waivers: waived.map(({ until, rule, host }) => [until, rule, host]),
  }).map(([name, value]) => ({ name, expression: JSON.stringify(value) }));
  return {
    variables: [...named, ...hostTexts, ...waivedTexts],
    hosts: hostTexts.map(({ name }) => name),
    waivedHosts: waivedTexts.map(({ name }) => name),
  };
}

function guardedHosts({ aliases, mesh }: GuardParameters): GuardedHost[] {
  const ofAliases = aliases.flatMap(({ name, namespace, externalName, ports, location }) => {
    const host = hostOf({ name, namespace }, mesh.clusterDomain);
    const numbers = [...new Set(ports.map(({ port }) => port))];
    const service: GuardedHost = { host, namespace, ports: numbers };
    // Others may register the target as well, under other ports and in other namespaces.
    const target: GuardedHost[] = externalName ? [{ host: externalName, ports: ["outside"] }] : [];
    return location === "inside" ? target : [service, ...target];
  });
  const declared = mesh.externalHosts.map((host): GuardedHost => ({ host, ports: ["*"] }));
  const hosts = new Map([...ofAliases, ...declared].map((one) => [one.host, one]));
  return [...hosts.values()].sort((a, b) => compareText(a.host, b.host));
}

/** Variables with the lines of some hosts: at least one, and no line in two. */
function texts(name: string, hosts: readonly GuardedHost[], maxText: number): Variable[] {
  const shares: string[][] = [[]];
  let size = 0;
  for (const { host, ports } of hosts) {
    const lines = ports.map((port) => `${host} ${port}`);
    const length = lines.join("\n").length + 1;
    size += length;
    if (size > maxText && shares.at(-1)!.length > 0) {
      shares.push([]);
      size = length;
    }
    shares.at(-1)!.push(...lines);
  }
  return shares.map((lines, index) => ({ name: `${name}${index}`, expression: literal(lines) }));
}

/** A text in CEL with a line feed before and after each line, so that whole lines can be looked for. */
function literal(lines: readonly string[]): string {
  const escaped = lines.map((line) => `${JSON.stringify(line).slice(1, -1)}\n`);
  return `"""\n${escaped.join("")}"""`;
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function hostOf(
  { name, namespace }: Pick<GuardedAlias, "name" | "namespace">,
  clusterDomain: string,
): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

/** Whether a host in full, or *.suffix, speaks of a host. */
function covers(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;
}

/** A waiver of one host, or of all ("*"), for one rule or for all. */
interface Waived {
  until: string;
  rule: string;
  host: string;
}

function waivedBy(
  { alias, rule = "*", host, until }: GuardWaiver,
  aliases: readonly GuardedAlias[],
  clusterDomain: string,
): Waived[] {
  if (alias === undefined) return [{ until, rule, host: host ?? "*" }];
  const hosts = aliases
    .filter(({ name, namespace }) => `${namespace}/${name}` === alias)
    .flatMap(({ name, namespace, externalName }) => [
      hostOf({ name, namespace }, clusterDomain),
      ...(externalName ? [externalName] : []),
    ])
    .filter((one) => host === undefined || covers(host, one));
  return hosts.map((one) => ({ until, rule, host: one }));
}
