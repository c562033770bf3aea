import { outcomesOf, ruleFor } from "../clusters/clusters.js";
import { isBefore } from "../input/istio-version.js";
import { overlaps } from "../input/hosts.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Service, ServicePort } from "../registry/service.js";
import type { Client } from "../scope/client.js";
import { importedService } from "../scope/imported-service.js";
import type { Call, ClusterTls, UndecidedCall } from "./call.js";
import { holdsFor, type Caller } from "./filter-chains.js";
import { fitsRequest, sentRoutes } from "./http-match.js";
import { isTlsPort, listenerProtocol, type ListenerProtocol } from "./protocol.js";
import type { Destination, RoutingRule } from "../scope/routing-rule.js";
import { viewOf } from "./view.js";
import { chosen, clusterWay, type Way } from "./way.js";

/** A waypoint, and what it takes calls for. */
export interface Waypoint {
  ref: ObjectRef;
  isResponsibleFor: (service: Service) => boolean;
  /** Whether calls to workloads themselves are handed to it, too. */
  hasWorkloads: () => boolean;
}

/** What a waypoint's own configuration makes of a service's port. */
interface AtWaypoint {
  mesh: Mesh;
  waypoint: Waypoint;
  /** The waypoint as a client of what it calls. */
  client: Client;
  port: number;
}

/**
 * What a waypoint does with a call to one of its services (pilot/pkg/networking/core/listener_waypoint.go): it
 * follows the routes of its own namespace and the service's, whatever they say of callers' labels, and starts
 * TLS as the rules that it follows say.
 */
export function waysAtWaypoint(
  mesh: Mesh,
  call: Call,
  service: Service,
  waypoint: Waypoint,
): readonly Way[] | UndecidedCall {
  const client: Client = { namespace: waypoint.ref.namespace, gateway: true };
  const place: AtWaypoint = { mesh, waypoint, client, port: call.port };
  const own = service.ports.find(({ number }) => number === call.port);
  const rules = rulesAt(place, service);
  if (rules.length > 0 && isBefore(30, mesh.facts)) {
    const { kind, namespace, name } = rules[0]!.ref;
    const routed = `${kind} ${namespace}/${name} routes it at a waypoint`;
    return { undecided: `${routed}, which is followed from Istio 1.30 only` };
  }
  const protocol = own && listenerProtocol(service, own);
  const isHttp = protocol === "http" || (protocol === "auto" && call.sends === "http");
  if (call.sends === "server-first" && readsFirst(place, protocol)) {
    return [{ outcome: { via: "waits" } }];
  }
  if (!isHttp) return tcpWays(place, service, rules);
  if (call.sends !== "http") return [{ outcome: { via: "response" } }];
  return httpWays(place, call, service, rules);
}

/**
 * Whether a waypoint waits for a client's first bytes: its one listener looks at a port of HTTP in clear beside
 * anything else, or of TLS, whichever of its services has it, and at every port where it takes calls to workloads.
 */
function readsFirst(
  { mesh, waypoint, port }: AtWaypoint,
  protocol: ListenerProtocol | undefined,
): boolean {
  if (protocol !== "tcp" || waypoint.hasWorkloads()) return true;
  const same = mesh.services.flatMap((service) =>
    service.ports
      .filter(({ number }) => number === port && waypoint.isResponsibleFor(service))
      .map((own) => ({ own, protocol: listenerProtocol(service, own) })),
  );
  return same.some(
    ({ own, protocol }) => isTlsPort(own) || protocol === "http" || protocol === "auto",
  );
}

/** Routes about a service, of the waypoint's namespace or the service's own, in their order. */
function rulesAt({ mesh, client }: AtWaypoint, service: Service): RoutingRule[] {
  const [listener] = viewOf(mesh, client).listeners;
  return (listener?.rules ?? []).filter(
    ({ ref, hosts }) =>
      (ref.namespace === client.namespace || ref.namespace === service.ref.namespace) &&
      hosts.some((host) => overlaps(host, service.host)),
  );
}

function httpWays(
  place: AtWaypoint,
  call: Call,
  service: Service,
  rules: readonly RoutingRule[],
): Way[] {
  const caller: Caller = { namespace: place.client.namespace, labels: {} };
  const request = { host: call.host ?? call.address, path: call.path ?? "/" };
  const sent = rules.flatMap((rule) =>
    sentRoutes(rule.http, "mesh", caller, place.port)
      .filter(({ match }) => Object.keys(match?.sourceLabels ?? {}).length === 0)
      .map(({ route, match }) => ({ rule, route, match })),
  );
  if (sent.length === 0) return [ownWay(place, service, "http")];
  const found = sent.find(({ match }) => fitsRequest(match, request));
  if (!found) return [{ outcome: { via: "no-route" } }];
  const { rule, route } = found;
  const ref = route.from ?? rule.ref;
  if (route.responds) return [{ outcome: { via: "response" }, rule: ref }];
  const { authority } = route;
  return chosen(route.destinations).map((destination) => ({
    ...destinationWay(place, destination),
    rule: ref,
    ...(authority === undefined ? {} : { authority }),
  }));
}

/** Routes of TLS come before those of TCP; a route of TLS must name the service alone. */
function tcpWays(place: AtWaypoint, service: Service, rules: readonly RoutingRule[]): Way[] {
  const caller: Caller = { namespace: "", labels: {} };
  const holds = (match: RoutingRule["tcp"][number]["matches"][number]) =>
    holdsFor(match, caller, place.port);
  const routed = [
    ...rules.flatMap(({ tls, ref }) =>
      tls
        .filter(
          ({ matches }) =>
            matches.length === 0 ||
            matches.some(
              (match) =>
                match.sniHosts.length === 1 && match.sniHosts[0] === service.host && holds(match),
            ),
        )
        .map(({ destinations }) => ({ ref, destinations })),
    ),
    ...rules.flatMap(({ tcp, ref }) =>
      tcp
        .filter(({ matches }) => matches.length === 0 || matches.some(holds))
        .map(({ destinations }) => ({ ref, destinations })),
    ),
  ].find(({ destinations }) => destinations.length > 0);
  if (!routed) return [ownWay(place, service, "tcp")];
  return chosen(routed.destinations).map((destination) => ({
    ...destinationWay(place, destination),
    rule: routed.ref,
  }));
}

/** A destination is one of the waypoint's own services, or one that it calls as any client does. */
function destinationWay(place: AtWaypoint, { host, port, subset }: Destination): Way {
  const { mesh, client, waypoint } = place;
  if (host === "") return { outcome: { via: "no-cluster", cluster: "UnknownService" } };
  const service = importedService(mesh, mesh.sidecarScopeOf(client), host);
  const [only, ...others] = service?.ports ?? [];
  const number = port ?? (only && others.length === 0 ? only.number : place.port);
  if (service && !waypoint.isResponsibleFor(service)) {
    return clusterWay(mesh, client, { host, port: number, subset });
  }
  const own = service?.ports.find((one) => one.number === number);
  const protocol = service && own ? listenerProtocol(service, own) : "http";
  const kind = protocol === "tcp" ? "tcp" : "http";
  return ownWay({ ...place, port: number }, service, kind, { host, subset });
}

/** The cluster that a waypoint has for a port of one of its services. */
function ownWay(
  { mesh, client, port }: AtWaypoint,
  service: Service | undefined,
  kind: "http" | "tcp",
  { host, subset } = { host: service?.host ?? "", subset: "" },
): Way {
  const cluster = `inbound-vip|${port}|${subset === "" ? kind : `${kind}/${subset}`}|${host}`;
  const own = service?.ports.find(({ number }) => number === port);
  if (!service || !own || !carries(service, own, kind)) {
    return { outcome: { via: "no-cluster", cluster } };
  }
  // A rule is followed towards what the waypoint's own namespace may see.
  const visible = importedService(mesh, mesh.sidecarScopeOf(client), service.host);
  const rule = visible && ruleFor(mesh, client, visible);
  const outcome = outcomesOf(mesh, { service, rule, gateway: true }).find(
    (one) => one.port === port && one.subset === subset,
  );
  if (!outcome) return { outcome: { via: "no-cluster", cluster } };
  // A waypoint leaves Istio's mutual TLS out: HBONE takes its place within the mesh.
  const tls: ClusterTls =
    outcome.tls === "SIMPLE" || outcome.tls === "MUTUAL" ? outcome.tls : "none";
  const sni = outcome.sni !== undefined && tls !== "none" ? { sni: outcome.sni } : {};
  return { outcome: { via: "cluster", cluster, tls, ...sni }, cluster: { service, outcome, tls } };
}

function carries(service: Service, port: ServicePort, kind: "http" | "tcp"): boolean {
  const protocol = listenerProtocol(service, port);
  return protocol === kind || protocol === "auto";
}
