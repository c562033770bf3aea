import ipaddr from "ipaddr.js";
import { isWildcard, overlaps } from "../input/hosts.js";
import type { ObjectRef } from "../input/kube-object.js";
import { fits, indexBy } from "../input/plain.js";
import { isForwarded } from "../clusters/clusters.js";
import type { Mesh } from "../mesh.js";
import type { Service, ServicePort } from "../registry/service.js";
import { aliasesOf } from "./aliases.js";
import { ANY_ADDRESS, bindingsOf } from "./addresses.js";
import type { Call } from "./call.js";
import { alternativeNames } from "./names.js";
import { isTlsPort } from "./protocol.js";
import type { Destination, L4Route, RoutingRule, SourceMatch } from "../scope/routing-rule.js";
import type { EgressListener } from "./view.js";

/** Who the listeners are for, as far as routes of TCP and TLS distinguish callers. */
export interface Caller {
  namespace: string;
  labels: Readonly<Record<string, string>>;
}

/** A service and port that takes its place among the listeners. */
export interface Listening {
  mesh: Mesh;
  egress: EgressListener;
  service: Service;
  port: ServicePort;
  caller: Caller;
}

/** One filter chain of a listener: what it takes, and where it leads. */
export interface FilterChain {
  /** The service that it was made for. */
  service: Service;
  /** Server names that it takes; none: any. */
  sniHosts: readonly string[];
  /** Addresses that it takes; none: any. */
  ranges: readonly string[];
  /** Routed by HTTP: by the Host header, or (a port of its own) by that one host's routes. */
  http?: { egress: EgressListener; onlyHost?: string };
  /** Takes only what Envoy detects as HTTP in clear. */
  onlyHttp?: boolean;
  /** Where a TCP proxy leads; several are chosen from by weight. */
  destinations: readonly Destination[];
  /** The VirtualService that says so. */
  rule?: ObjectRef;
  /** The port that a destination without one gets. */
  port?: number;
}

/** The TCP proxies of a service's port (pilot/pkg/networking/core/tls.go). */
export function tcpChains(
  listening: Listening,
  ranges: readonly string[],
  isShared: boolean,
): FilterChain[] {
  const { egress, service, port } = listening;
  const rules = rulesAbout(egress, service.host).filter(
    ({ tls, tcp }) => (isTlsPort(port) ? tls : tcp).length > 0,
  );
  return isTlsPort(port)
    ? tlsChains(listening, rules, ranges, isShared)
    : plainChains(listening, rules, ranges);
}

interface L4Rules {
  /** Places of VirtualServices with routes of TLS or TCP, by each host that isn't a wildcard. */
  exact: ReadonlyMap<string, readonly number[]>;
  /** Places of those that have a wildcard. */
  wild: readonly number[];
}

const l4Rules = new WeakMap<EgressListener, L4Rules>();

/** The VirtualServices with routes of TLS or TCP that are about a host, in their order. */
function rulesAbout(egress: EgressListener, host: string): RoutingRule[] {
  let known = l4Rules.get(egress);
  if (!known) {
    const exact = new Map<string, number[]>();
    const wild: number[] = [];
    egress.rules.forEach(({ hosts, tls, tcp }, place) => {
      if (tls.length + tcp.length === 0) return;
      if (hosts.some(isWildcard)) wild.push(place);
      else for (const one of new Set(hosts)) exact.set(one, [...(exact.get(one) ?? []), place]);
    });
    known = { exact, wild };
    l4Rules.set(egress, known);
  }
  const named = isWildcard(host) ? [...known.exact.values()].flat() : (known.exact.get(host) ?? []);
  return [...new Set([...named, ...known.wild])]
    .sort((a, b) => a - b)
    .flatMap((place) => egress.rules[place] ?? [])
    .filter(({ hosts }) => hosts.some((pattern) => covers(pattern, host)));
}

function covers(pattern: string, host: string): boolean {
  return isWildcard(pattern) || isWildcard(host) ? overlaps(pattern, host) : pattern === host;
}

function tlsChains(
  { mesh, egress, service, port, caller }: Listening,
  rules: readonly RoutingRule[],
  ranges: readonly string[],
  isShared: boolean,
): FilterChain[] {
  const chains: FilterChain[] = [];
  const taken = new Set<string>();
  let own = ranges;
  for (const { tls, ref } of rules) {
    for (const { matches, destinations } of tls) {
      if (destinations.length === 0) continue;
      for (const match of matches) {
        if (!holdsFor(match, caller, port.number)) continue;
        // What one match says of addresses stays in force for those after it.
        if (match.subnets.length > 0) own = match.subnets;
        const { sniHosts } = match;
        const key = `${sniHosts.join()}|${match.subnets.join()}`;
        if (!taken.has(key)) {
          chains.push({
            service,
            sniHosts,
            ranges: own,
            destinations,
            rule: ref,
            port: port.number,
          });
        }
        taken.add(key);
      }
    }
  }
  if (chains.length > 0) return chains;
  const isEverywhere = bindingsOf(mesh, service).some(({ address }) => address === ANY_ADDRESS);
  const byName = ranges.length > 0 || (isShared && isEverywhere) || isForwarded(service);
  const names = [service.host, ...aliasesOf(mesh, egress, service)];
  const { facts } = mesh;
  const sniHosts = byName
    ? names.flatMap((name) => [
        name,
        ...(name === service.host ? [] : alternativeNames(name, caller.namespace, facts)),
      ])
    : [];
  return [{ service, sniHosts, ranges, destinations: [ownCluster(service, port.number)] }];
}

function plainChains(
  { service, port, caller }: Listening,
  rules: readonly RoutingRule[],
  ranges: readonly string[],
): FilterChain[] {
  const chains: FilterChain[] = [];
  const chain = (route: L4Route, rule: ObjectRef, taken: readonly string[]): FilterChain => ({
    service,
    sniHosts: [],
    ranges: taken,
    destinations: route.destinations,
    rule,
    port: port.number,
  });
  for (const { tcp, ref } of rules) {
    for (const route of tcp) {
      if (route.destinations.length === 0) continue;
      const matches = route.matches.filter((match) => holdsFor(match, caller, port.number));
      const isForAll = route.matches.length === 0;
      if (isForAll || matches.some(({ subnets }) => subnets.length === 0)) {
        return [...chains, chain(route, ref, ranges)];
      }
      const subnets = matches.flatMap((match) => match.subnets);
      if (subnets.length > 0) chains.push(chain(route, ref, subnets));
    }
  }
  const isTaken = chains.some(({ ranges: taken }) => sameSet(taken, ranges));
  if (isTaken) return chains;
  return [
    ...chains,
    { service, sniHosts: [], ranges, destinations: [ownCluster(service, port.number)] },
  ];
}

/** A service with a single port is called there, whatever port a Sidecar's listener has. */
function ownCluster({ host, ports }: Service, port: number): Destination {
  const [only, ...others] = ports;
  const own = only && others.length === 0 ? only.number : port;
  return { host, port: own, subset: "", weight: 1 };
}

/** Whether a match holds for a proxy before any traffic: its gateway, labels, namespace and port. */
export function holdsFor(
  match: SourceMatch,
  caller: Caller,
  port: number,
  gateway = "mesh",
): boolean {
  return (
    (match.gateways.length === 0 || match.gateways.includes(gateway)) &&
    fits(match.sourceLabels, caller.labels) &&
    (match.port === 0 || match.port === port) &&
    (match.sourceNamespace === "" || match.sourceNamespace === caller.namespace)
  );
}

/** What a chain takes, as text: of two that take the same only the first can be. */
export function takenBy({ onlyHttp, sniHosts, ranges }: FilterChain): string {
  const sorted = (values: readonly string[]) => [...new Set(values)].sort();
  return JSON.stringify([Boolean(onlyHttp), sorted(withoutAll(sniHosts)), sorted(ranges)]);
}

function withoutAll(names: readonly string[]): readonly string[] {
  return names.filter((name) => name !== "*");
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const all = new Set(b);
  return new Set(a).size === all.size && a.every((one) => all.has(one));
}

/**
 * The chain that Envoy picks: by address, the narrowest range first; then by server name, the most
 * specific first; then by what it detects. What a step has picked is never taken back. Without a chain
 * the call goes where unknown calls go.
 */
export function pickChain(
  chains: readonly FilterChain[],
  call: Pick<Call, "address" | "sends" | "host">,
): FilterChain | undefined {
  const { catchAll, inspects, byServerName, others } = indexed(chains);
  const name = call.sends === "tls" && inspects ? (call.host ?? "").toLowerCase() : "";
  const matching = [...(byServerName.get(name) ?? []), ...others].sort((a, b) => a.place - b.place);
  const byAddress = mostSpecific(
    matching.map(({ chain }) => chain),
    (chain) => prefixLength(chain.ranges, call.address),
  );
  const byName = mostSpecific(byAddress, (chain) => nameLength(namesOf(chain), name));
  const isHttp = call.sends === "http";
  const detected = isHttp ? byName.find(({ onlyHttp }) => onlyHttp) : undefined;
  return detected ?? byName.find(({ onlyHttp }) => !onlyHttp) ?? catchAll;
}

/** A listener's chains by what picks them: a port may have a chain for each of many thousand names. */
interface ChainIndex {
  catchAll?: FilterChain;
  /** Whether the listener looks at the server name. */
  inspects: boolean;
  /** Chains of any address for exact names, in lower case. */
  byServerName: Map<string, PlacedChain[]>;
  others: PlacedChain[];
}

interface PlacedChain {
  chain: FilterChain;
  place: number;
}

const indexes = new WeakMap<readonly FilterChain[], ChainIndex>();

function indexed(chains: readonly FilterChain[]): ChainIndex {
  const known = indexes.get(chains);
  if (known) return known;
  const isAll = (chain: FilterChain) =>
    !chain.onlyHttp && chain.ranges.length === 0 && !namesOf(chain);
  const placed = [...chains.entries()].flatMap(([place, chain]) =>
    isAll(chain) ? [] : [{ chain, place, names: exactNamesOf(chain) }],
  );
  const named = placed.flatMap(
    ({ names, ...one }) => names?.map((name) => ({ ...one, name })) ?? [],
  );
  const index: ChainIndex = {
    inspects: readsServerName(chains),
    byServerName: indexBy(named, ({ name }) => name),
    others: placed.filter(({ names }) => names === undefined),
    catchAll: chains.find(isAll),
  };
  indexes.set(chains, index);
  return index;
}

/** The server names of a chain of any address, in lower case; undefined where it has a wildcard or none. */
function exactNamesOf(chain: FilterChain): string[] | undefined {
  const names = chain.ranges.length === 0 ? namesOf(chain) : undefined;
  if (!names || names.some((name) => isWildcard(name))) return undefined;
  return [...new Set(names.map((one) => one.toLowerCase()))];
}

/**
 * Whether a listener looks at what the client writes before it chooses a chain: at the server name, or
 * whether it is HTTP. A client that waits for the server's first words waits for ever then.
 */
export function readsFirst(chains: readonly FilterChain[], hasTimeLimit: boolean): boolean {
  // Only a listener that looks for HTTP has a time limit, after which it goes on.
  if (chains.some(({ onlyHttp }) => onlyHttp)) return !hasTimeLimit;
  return readsServerName(chains);
}

function readsServerName(chains: readonly FilterChain[]): boolean {
  return chains.some(({ sniHosts, service }) => sniHosts.length > 0 || isForwarded(service));
}

/** The server names of a chain; undefined: any. */
function namesOf({ sniHosts }: FilterChain): readonly string[] | undefined {
  return sniHosts.length === 0 || sniHosts.includes("*") ? undefined : sniHosts;
}

function mostSpecific(
  chains: readonly FilterChain[],
  specificity: (chain: FilterChain) => number,
): readonly FilterChain[] {
  const ranked = chains.map((chain) => ({ chain, rank: specificity(chain) }));
  const best = Math.max(-1, ...ranked.map(({ rank }) => rank));
  return best < 0 ? [] : ranked.filter(({ rank }) => rank === best).map(({ chain }) => chain);
}

/** The bits of the narrowest range that holds an address; 0 for a chain of any, -1 for none. */
function prefixLength(ranges: readonly string[], address: string): number {
  if (ranges.length === 0) return 0;
  if (!ipaddr.isValid(address)) return -1;
  const parsed = ipaddr.process(address);
  const lengths = ranges.map((range) => {
    if (ipaddr.isValid(range))
      return ipaddr.process(range).toString() === parsed.toString() ? 129 : -1;
    if (!ipaddr.isValidCIDR(range)) return -1;
    const [start, bits] = ipaddr.parseCIDR(range);
    return start.kind() === parsed.kind() && parsed.match(start, bits) ? bits + 1 : -1;
  });
  return Math.max(...lengths);
}

/** How much of a name is matched: all of it, a suffix of whole labels, nothing (any name), or -1. */
function nameLength(names: readonly string[] | undefined, name: string): number {
  if (names === undefined) return 0;
  if (name === "") return -1;
  const lengths = names.map((pattern) => {
    const own = pattern.toLowerCase();
    if (!isWildcard(own)) return own === name ? Number.MAX_SAFE_INTEGER : -1;
    return name.endsWith(own.slice(1)) && name.length > own.length - 1 ? own.length : -1;
  });
  return Math.max(...lengths);
}
