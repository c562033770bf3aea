import { at, text, wholeNumber } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Service } from "../registry/service.js";
import type { Client } from "../scope/client.js";
import { importedService } from "../scope/imported-service.js";
import type { Egress, Sidecar } from "../scope/sidecar.js";
import { ANY_ADDRESS } from "./addresses.js";
import { hasAliases } from "./aliases.js";
import type { Call, CallOutcome } from "./call.js";
import { isLoopback, type Capture } from "./capture.js";
import { clusterHost, clusterName, findCluster, type FoundCluster } from "./cluster-tls.js";
import { pickChain, readsFirst, type Caller, type FilterChain } from "./filter-chains.js";
import { routeHttp } from "./http-routes.js";
import { listenersOf, type Displaced, type PortListeners } from "./listeners.js";
import type { Destination } from "../scope/routing-rule.js";
import { viewOf, type EgressView } from "./view.js";

/** One way that a call may take through a client's sidecar, with what decided it. */
export interface Way {
  outcome: CallOutcome;
  /** The cluster that it takes, where there is one. */
  cluster?: FoundCluster;
  /** The service whose listener takes the call; absent: the listener of all HTTP, or of unknown calls. */
  listener?: Service;
  /** What else would have been there, had it been older. */
  displaced?: readonly Displaced[];
  /** The VirtualService that decided. */
  rule?: ObjectRef;
  /** The Host header that is sent on, where a route changes it. */
  authority?: string;
  /** What keeps the call from any proxy. */
  capture?: Capture;
}

/** The hosts of the clusters that a way takes. */
export function hostsOf({ cluster, outcome }: Pick<Way, "cluster" | "outcome">): string[] {
  const named = "cluster" in outcome ? clusterHost(outcome.cluster) : undefined;
  return [cluster?.service.host, named].filter((host) => host !== undefined);
}

const listenersByView = new WeakMap<EgressView, Map<string, PortListeners>>();

/**
 * The ways that a call may take through a sidecar; several where its route has weights.
 *
 * @returns undefined for a call to the workload's own address at which no listener is
 */
export function waysThroughSidecar(mesh: Mesh, call: Call): Way[] | undefined {
  const { client } = call;
  const caller: Caller = { namespace: client.namespace, labels: client.labels ?? {} };
  const listeners = portListeners(mesh, caller, client, call.port);
  const own = listeners.get(call.address);
  if (!own && isLoopback(call.address)) return undefined;
  const listener = own ?? listeners.get(ANY_ADDRESS);
  const isLate = call.sends === "server-first";
  if (listener && isLate && readsFirst(listener.chains, hasTimeLimit(mesh))) {
    return [{ outcome: { via: "waits" } }];
  }
  const chain = listener && pickChain(listener.chains, call);
  if (!listener || !chain) return [unknownCall(mesh, client)];
  const ways = chain.http
    ? httpWays(mesh, call, caller, chain.http)
    : chainWays(mesh, client, chain, call.port);
  const isShared = listener.displaced.length > 0;
  return ways.map((way) => ({
    ...way,
    ...(chain.http ? {} : { listener: chain.service }),
    ...(isShared ? { displaced: listener.displaced } : {}),
  }));
}

/** Whether proxies stop waiting for a client's first bytes (`meshConfig.protocolDetectionTimeout`). */
function hasTimeLimit({ facts }: Mesh): boolean {
  return Number.parseFloat(facts.protocolDetectionTimeout) > 0;
}

/** Listeners depend on the caller only where a route of TCP or TLS is for some callers. */
function portListeners(mesh: Mesh, caller: Caller, client: Client, port: number): PortListeners {
  const view = viewOf(mesh, client);
  const tellsApart = view.listeners.some(({ tellsCallersApart }) => tellsCallersApart);
  // The short names of aliases depend on the namespace that they are called from.
  const namespace = hasAliases(mesh) ? caller.namespace : "";
  const key = tellsApart ? JSON.stringify([port, caller]) : `${port}|${namespace}`;
  let known = listenersByView.get(view);
  if (!known) {
    known = new Map();
    listenersByView.set(view, known);
  }
  let listeners = known.get(key);
  if (!listeners) {
    listeners = listenersOf(mesh, view, port, caller);
    known.set(key, listeners);
  }
  return listeners;
}

function chainWays(mesh: Mesh, client: Client, chain: FilterChain, port: number): Way[] {
  const scope = mesh.sidecarScopeOf(client);
  return chosen(chain.destinations).map((destination) => {
    // A listener's own service is meant itself; a route may name an alias.
    const service = chain.rule ? importedService(mesh, scope, destination.host) : chain.service;
    const host = (chain.rule && service?.externalName) ?? destination.host;
    const [only, ...others] = service?.ports ?? [];
    const inferred = only && others.length === 0 ? only.number : (chain.port ?? port);
    const place = { ...destination, host, port: destination.port ?? inferred };
    const way = clusterWay(mesh, client, place);
    return chain.rule ? { ...way, rule: chain.rule } : way;
  });
}

function httpWays(
  mesh: Mesh,
  call: Call,
  caller: Caller,
  { egress, onlyHost }: NonNullable<FilterChain["http"]>,
): Way[] {
  if (call.sends === "server-first") return [{ outcome: { via: "waits" } }];
  if (call.sends !== "http") return [{ outcome: { via: "response" } }];
  const request = { host: call.host ?? call.address, path: call.path ?? "/" };
  // Routes are those of the first egress listener of the port, though another one may have made the listener.
  const { listeners } = viewOf(mesh, call.client);
  const routing = listeners.find(({ egress: own }) => isFor(own, call.port)) ?? egress;
  const decision = routeHttp(mesh, routing, call.port, caller, request, onlyHost);
  if (decision.kind === "unknown") return [unknownCall(mesh, call.client)];
  const { rule } = decision;
  const decided = rule ? { rule } : {};
  if (decision.kind !== "route") return [{ outcome: { via: decision.kind }, ...decided }];
  const { authority } = decision;
  return chosen(decision.destinations).map((destination) => ({
    ...clusterWay(mesh, call.client, { ...destination, port: destination.port ?? call.port }),
    ...decided,
    ...(authority === undefined ? {} : { authority }),
  }));
}

/** Whether a Sidecar's listener has the routes of a port (`GetEgressListenerForRDS`). */
function isFor(egress: Egress | undefined, port: number): boolean {
  return egress?.listens === undefined || egress.listens === port;
}

/** Of several destinations those without a weight get nothing. */
export function chosen(destinations: readonly Destination[]): readonly Destination[] {
  return destinations.length === 1 ? destinations : destinations.filter(({ weight }) => weight > 0);
}

/** What comes of a destination: its cluster, if the client's proxy has it. */
export function clusterWay(
  mesh: Mesh,
  client: Client,
  place: Required<Pick<Destination, "host" | "port" | "subset">>,
): Way {
  // A backend that a route may not refer to has no name to look for.
  const name = place.host === "" ? "UnknownService" : clusterName(place);
  const cluster = findCluster(mesh, client, place);
  if (!cluster) return { outcome: { via: "no-cluster", cluster: name } };
  const { tls, sni } = cluster;
  return {
    outcome: { via: "cluster", cluster: name, tls, ...(sni === undefined ? {} : { sni }) },
    cluster,
  };
}

/** Where calls go that no listener or virtual host knows. */
function unknownCall(mesh: Mesh, client: Client): Way {
  const sidecar: Sidecar | undefined = mesh.sidecars.for(client.namespace, client.labels ?? {});
  const mode = sidecar?.outboundMode ?? mesh.facts.outboundTrafficPolicy;
  if (mode === "REGISTRY_ONLY") return { outcome: { via: "blackhole" } };
  const proxy = sidecar?.egressProxy;
  if (!proxy) return { outcome: { via: "passthrough" } };
  return clusterWay(mesh, client, {
    host: text(proxy.host),
    port: wholeNumber(at(proxy, "port", "number")) ?? 0,
    subset: text(proxy.subset),
  });
}
