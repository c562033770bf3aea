import { isCoveredBy, isWildcard, overlaps } from "../input/hosts.js";
import {
  at,
  fits,
  isPlain,
  items,
  labelsOf,
  refOf,
  text,
  texts,
  wholeNumber,
  type Plain,
} from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Service } from "../registry/service.js";
import type { Client } from "../scope/client.js";
import { importedService } from "../scope/imported-service.js";
import type { Call } from "./call.js";
import type { FoundCluster } from "./cluster-tls.js";
import { holdsFor } from "./filter-chains.js";
import { fitsRequest, sentRoutes } from "./http-match.js";
import { routingRulesOf } from "./routing.js";
import type { Destination, RoutingRule } from "../scope/routing-rule.js";
import { chosen, clusterWay, type Way } from "./way.js";

/** What a gateway does with a call that a sidecar sends it. */
export interface GatewayHop {
  /** The gateway as a client of what it calls. */
  client: Client;
  /** The Gateway whose server takes the call. */
  gateway: ObjectRef;
  ways: readonly Way[];
  /** Why the gateway can't read what it is sent. */
  mismatch?: string;
}

/** One server of a Gateway. */
interface Server {
  gateway: ObjectRef;
  port: number;
  protocol: string;
  /** The mode of its `tls`; "" for none. */
  mode: string;
}

/** The hop after a cluster that leads to a gateway; undefined where it leads to none that is known. */
export function gatewayHop(
  mesh: Mesh,
  { service, tls, outcome }: FoundCluster,
  call: Call,
): GatewayHop | undefined {
  const { selector } = service;
  if (!selector || !service.fromKubernetes) return undefined;
  const gateways = gatewaysAt(mesh, selector);
  if (gateways.length === 0) return undefined;
  const client: Client = {
    namespace: service.ref.namespace,
    labels: { ...selector },
    gateway: true,
  };
  const ports = [outcome.port, targetPort(service, outcome.port)];
  const servers = gateways.flatMap((gateway) => serversOf(gateway, ports, call.host));
  const [server] = servers;
  if (!server) {
    const [first] = gateways;
    return { client, gateway: refOf(first ?? {}), ways: [{ outcome: { via: "no-route" } }] };
  }
  const mismatch = mismatchOf(server, tls, call);
  const hop: GatewayHop = {
    client,
    gateway: server.gateway,
    ways: waysFrom(mesh, client, server, call),
  };
  return mismatch === undefined ? hop : { ...hop, mismatch };
}

function gatewaysAt(mesh: Mesh, selector: Readonly<Record<string, string>>): Plain[] {
  return mesh.objects.filter(
    (object) =>
      object.kind === "Gateway" &&
      text(object.apiVersion).startsWith("networking.istio.io/") &&
      fits(labelsOf(at(object, "spec", "selector")), selector),
  );
}

function targetPort({ object }: Service, port: number): number | undefined {
  const own = items(at(object, "spec", "ports")).find(
    (one) => wholeNumber(at(one, "port")) === port,
  );
  return wholeNumber(at(own, "targetPort"));
}

function serversOf(
  gateway: Plain,
  ports: readonly (number | undefined)[],
  host: string | undefined,
): Server[] {
  return items(at(gateway, "spec", "servers")).flatMap((server) => {
    const port = wholeNumber(at(server, "port", "number")) ?? 0;
    const hosts = texts(at(server, "hosts")).map((one) => one.slice(one.indexOf("/") + 1));
    const isNamed = host === undefined || hosts.some((pattern) => isCoveredBy(host, pattern));
    if (!ports.includes(port) || !isNamed) return [];
    const protocol = text(at(server, "port", "protocol")).toLowerCase();
    const tls = at(server, "tls");
    const mode = isPlain(tls) ? text(tls.mode) || "PASSTHROUGH" : "";
    return [{ gateway: refOf(gateway), port, protocol, mode }];
  });
}

/** A server that terminates TLS needs a cluster that starts it, and one that doesn't needs one that doesn't. */
function mismatchOf({ mode, protocol }: Server, tls: FoundCluster["tls"], { sends }: Call) {
  const terminates = mode !== "" && mode !== "PASSTHROUGH";
  if (terminates && tls === "none" && sends !== "tls") {
    return `the gateway's server expects TLS (${mode}), and the sidecar sends none`;
  }
  if (!terminates && mode === "" && tls === "ISTIO_MUTUAL") {
    return `the gateway's ${protocol.toUpperCase()} server reads no TLS, and the sidecar sends Istio's mutual TLS`;
  }
  return undefined;
}

function waysFrom(mesh: Mesh, client: Client, server: Server, call: Call): Way[] {
  const name = `${server.gateway.namespace}/${server.gateway.name}`;
  const rules = routingRulesOf(mesh).filter(
    (rule) => rule.gateways.includes(name) && rule.hosts.some((host) => isFor(host, call.host)),
  );
  const found = rules.flatMap((rule) => {
    const destinations = destinationsOf(rule, name, client, server, call);
    return destinations ? [{ rule, destinations }] : [];
  })[0];
  if (!found) return [{ outcome: { via: "no-route" } }];
  if (found.destinations === "response") {
    return [{ outcome: { via: "response" }, rule: found.rule.ref }];
  }
  return chosen(found.destinations).map((destination) => {
    const service = importedService(mesh, mesh.sidecarScopeOf(client), destination.host);
    const [only, ...others] = service?.ports ?? [];
    const inferred = only && others.length === 0 ? only.number : server.port;
    const host = service?.externalName ?? destination.host;
    const place = { host, port: destination.port ?? inferred, subset: destination.subset };
    return { ...clusterWay(mesh, client, place), rule: found.rule.ref };
  });
}

function isFor(pattern: string, host: string | undefined): boolean {
  if (host === undefined) return true;
  return isWildcard(host) ? overlaps(pattern, host) : isCoveredBy(host, pattern);
}

/** Where a VirtualService's routes for a gateway lead a call; undefined where none fits. */
function destinationsOf(
  rule: RoutingRule,
  name: string,
  client: Client,
  server: Server,
  call: Call,
): readonly Destination[] | "response" | undefined {
  const caller = { namespace: client.namespace, labels: client.labels ?? {} };
  const isHttp =
    server.protocol === "http" || (server.protocol === "https" && server.mode !== "PASSTHROUGH");
  if (isHttp || ["http2", "grpc"].includes(server.protocol)) {
    const request = { host: call.host ?? "", path: call.path ?? "/" };
    const found = sentRoutes(rule.http, name, caller, server.port).find(({ match }) =>
      fitsRequest(match, request),
    );
    return found?.route.responds ? "response" : found?.route.destinations;
  }
  const routes = server.mode === "PASSTHROUGH" ? rule.tls : rule.tcp;
  return routes.find(
    ({ matches }) =>
      matches.length === 0 ||
      matches.some(
        (match) =>
          holdsFor(match, caller, server.port, name) &&
          (match.sniHosts.length === 0 || match.sniHosts.some((host) => isFor(host, call.host))),
      ),
  )?.destinations;
}
