import type { Mesh } from "../mesh.js";
import type { Service, ServicePort } from "../registry/service.js";
import { ANY_ADDRESS, bindingsOf, isHeadless, type Binding } from "./addresses.js";
import { isAddress } from "../input/hosts.js";
import {
  takenBy,
  tcpChains,
  type Caller,
  type FilterChain,
  type Listening,
} from "./filter-chains.js";
import { isExclusive, listenerProtocol, type ListenerProtocol } from "./protocol.js";
import type { Egress } from "../scope/sidecar.js";
import type { EgressView } from "./view.js";

/** One outbound listener of a sidecar, at one address and port. */
export interface PortListener {
  protocol: ListenerProtocol;
  /** The port that it was first made for. */
  port: ServicePort;
  chains: FilterChain[];
  /** The first chain for what is taken. */
  taken: Map<string, FilterChain>;
  /** A listener of the Sidecar takes this port for itself. */
  isLocked?: boolean;
  /** Services that would have taken calls here too, had another not come first. */
  displaced: Displaced[];
}

/** A service that gets no calls at a listener, and the one that does. */
export interface Displaced {
  service: Service;
  by: Service;
}

/** The listeners of one port, by address. */
export type PortListeners = ReadonlyMap<string, PortListener>;

/**
 * The listeners of one port (pilot/pkg/networking/core/listener.go `buildSidecarOutboundListeners`).
 * HTTP of all services shares one listener; everything else has one at each address, and what has no
 * address shares the one of the port.
 */
export function listenersOf(
  mesh: Mesh,
  view: EgressView,
  port: number,
  caller: Caller,
): PortListeners {
  const listeners = new Map<string, PortListener>();
  for (const egress of view.listeners) {
    const written = egress.egress;
    if (written?.listens !== undefined) {
      if (written.listens !== port) continue;
      const own: ServicePort = { number: port, name: "", protocol: written.protocol ?? "" };
      for (const service of egress.services) {
        add(listeners, { mesh, egress, service, port: own, caller });
      }
      continue;
    }
    for (const one of listeners.values()) one.isLocked = true;
    for (const { service, port: own } of egress.byPort.get(port) ?? []) {
      add(listeners, { mesh, egress, service, port: own, caller });
    }
  }
  return listeners;
}

function add(listeners: Map<string, PortListener>, listening: Listening): void {
  const { mesh, egress, service, port } = listening;
  const protocol = listenerProtocol(service, port);
  if (service.resolution === "alias" || protocol === undefined) return;
  const bind = bindOf(egress.egress);
  const bindings = bind
    ? [{ address: bind, ranges: [] }]
    : protocol === "http"
      ? [{ address: ANY_ADDRESS, ranges: [] }]
      : takenAt(mesh, service, port, egress.egress?.listens !== undefined);
  for (const binding of bindings) addAt(listeners, listening, protocol, binding);
}

/** Where a Sidecar's listener is bound: without capture it is on the workload's own address. */
function bindOf(egress: Egress | undefined): string | undefined {
  return egress?.bind ?? (egress?.isBoundToPort ? "127.0.0.1" : undefined);
}

/** What has no address of its own and sends where the client was going listens at its endpoints. */
function takenAt(
  mesh: Mesh,
  service: Service,
  port: ServicePort,
  isOfSidecar: boolean,
): readonly Binding[] {
  const bindings = bindingsOf(mesh, service);
  const isEverywhere = bindings.every(
    ({ address, ranges }) => address === ANY_ADDRESS && ranges.length === 0,
  );
  if (!isEverywhere || service.resolution !== "original-destination" || isOfSidecar) {
    return bindings;
  }
  const endpoints = mesh.endpointsOf(service, port);
  if (endpoints.length === 0 && !isHeadless(service) && !service.selector) return bindings;
  return endpoints
    .filter(({ address }) => isAddress(address))
    .map(({ address }) => ({ address, ranges: [] }));
}

function addAt(
  listeners: Map<string, PortListener>,
  listening: Listening,
  protocol: ListenerProtocol,
  binding: Binding,
): void {
  const { service, port } = listening;
  const current = listeners.get(binding.address);
  if (current?.isLocked) return;
  const isShared = binding.address === ANY_ADDRESS;
  // The first HTTP or detected port makes the listener for all others; only TCP is added to it.
  if (current && protocol !== "tcp" && current.protocol === protocol) {
    if (protocol === "auto") displace(current, service);
    return;
  }
  if (current && protocol === "http" && current.protocol === "auto") return;
  if (current && isExclusive(port) !== isExclusive(current.port)) {
    displace(current, service);
    return;
  }
  const chains = chainsOf(listening, protocol, binding);
  if (!current || (protocol === "auto" && current.protocol === "http")) {
    // A shared HTTP listener passes on what isn't HTTP, so it is one that detects.
    const kind = protocol === "http" && isShared ? "auto" : protocol;
    const taken = new Map(chains.toReversed().map((chain) => [takenBy(chain), chain]));
    listeners.set(binding.address, { protocol: kind, port, chains, taken, displaced: [] });
    return;
  }
  for (const chain of chains) {
    const what = takenBy(chain);
    const winner = current.taken.get(what);
    if (!winner) {
      current.chains.push(chain);
      current.taken.set(what, chain);
    } else if (!winner.http || chain.http) displace(current, service, winner.service);
  }
  if (protocol !== current.protocol) current.protocol = "auto";
}

function displace(listener: PortListener, service: Service, by?: Service): void {
  const winner = by ?? listener.chains.find(({ http }) => !http)?.service;
  if (winner && winner.host !== service.host) listener.displaced.push({ service, by: winner });
}

function chainsOf(
  listening: Listening,
  protocol: ListenerProtocol,
  { address, ranges }: Binding,
): FilterChain[] {
  const isShared = address === ANY_ADDRESS;
  const { service, egress } = listening;
  const tcp = protocol === "http" ? [] : tcpChains(listening, ranges, isShared);
  if (protocol === "tcp") return tcp;
  const http: FilterChain = {
    service,
    sniHosts: [],
    ranges: [],
    http: {
      egress,
      // A port whose protocol is detected has routes of its own, unless it shares its listener.
      ...(protocol === "auto" && !isShared ? { onlyHost: service.host } : {}),
    },
    onlyHttp: protocol === "auto" || isShared,
    destinations: [],
  };
  return [...tcp, http];
}
