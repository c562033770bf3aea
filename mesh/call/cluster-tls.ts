import { outcomesOf, ruleFor, type Outcome } from "../clusters/clusters.js";
import { fits } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { ConsolidatedRule } from "../rules/destination-rule-index.js";
import type { Endpoint } from "../registry/endpoints.js";
import type { Service, ServicePort } from "../registry/service.js";
import type { Client } from "../scope/client.js";
import { importedService } from "../scope/imported-service.js";
import { isAddress } from "../input/hosts.js";
import type { ClusterTls } from "./call.js";

/** A cluster that a client's proxy has, with what decided its TLS. */
export interface FoundCluster {
  service: Service;
  outcome: Outcome;
  tls: ClusterTls;
  sni?: string;
}

/** A place in the clusters of a client. */
export interface ClusterPlace {
  host: string;
  port: number;
  subset: string;
}

/** Envoy's name for an outbound cluster. */
export function clusterName({ host, port, subset }: ClusterPlace): string {
  return `outbound|${port}|${subset}|${host}`;
}

/** The host in Envoy's name of a cluster; undefined in a name of another form. */
export function clusterHost(cluster: string): string | undefined {
  return cluster.split("|")[3];
}

interface Known {
  service: Service;
  rule?: ConsolidatedRule;
  gateway: boolean;
  outcomes: readonly Outcome[];
}

const known = new WeakMap<Mesh, Map<string, Known[]>>();

/** The cluster at a place, or undefined where istiod sends the client none. */
export function findCluster(
  mesh: Mesh,
  client: Client,
  place: ClusterPlace,
): FoundCluster | undefined {
  const service = importedService(mesh, mesh.sidecarScopeOf(client), place.host);
  if (!service) return undefined;
  const rule = ruleFor(mesh, client, service);
  const outcome = outcomesFor(mesh, service, rule, client.gateway === true).find(
    ({ port, subset, tls }) => tls !== undefined && port === place.port && subset === place.subset,
  );
  if (!outcome) return undefined;
  const found: FoundCluster = { service, outcome, tls: tlsOf(mesh, service, rule, outcome) };
  if (outcome.sni !== undefined && found.tls !== "none") found.sni = outcome.sni;
  return found;
}

/** Clients that follow the same rule towards the same service have the same clusters. */
function outcomesFor(
  mesh: Mesh,
  service: Service,
  rule: ConsolidatedRule | undefined,
  gateway: boolean,
): readonly Outcome[] {
  let byHost = known.get(mesh);
  if (!byHost) {
    byHost = new Map();
    known.set(mesh, byHost);
  }
  const all = byHost.get(service.host) ?? [];
  byHost.set(service.host, all);
  const same = all.find(
    (one) => one.service === service && one.gateway === gateway && isSameRule(one.rule, rule),
  );
  if (same) return same.outcomes;
  const outcomes = outcomesOf(mesh, { service, rule, gateway });
  all.push({ service, rule, gateway, outcomes });
  return outcomes;
}

/** One rule is consolidated once for each namespace that it is in. */
function isSameRule(a: ConsolidatedRule | undefined, b: ConsolidatedRule | undefined): boolean {
  if (a === b) return true;
  return a?.rules.length === 1 && b?.rules.length === 1 && a.rules[0] === b.rules[0];
}

/** What Envoy does when it connects: automatic mutual TLS is chosen for each endpoint. */
function tlsOf(
  mesh: Mesh,
  service: Service,
  rule: ConsolidatedRule | undefined,
  { tls, port, subset }: Outcome,
): ClusterTls {
  if (tls === "PLAIN" || tls === undefined) return "none";
  if (tls !== "AUTO") return tls;
  const labels = rule?.subsets.find(({ name }) => name === subset)?.labels ?? {};
  const own = service.ports.find(({ number }) => number === port);
  const endpoints = (own ? endpointsBehind(mesh, service, own) : []).filter(
    (endpoint) => !endpoint.isUnready && fits(labels, endpoint.labels),
  );
  const isInMesh = endpoints.length > 0 && endpoints.every(({ tlsMode }) => tlsMode === "istio");
  return isInMesh ? "ISTIO_MUTUAL" : "none";
}

/**
 * What a cluster connects to. Endpoints that are sent apart from it are all of the host's that have the
 * port's name and an address (`BuildClusterLoadAssignment`); names to look up are a part of it.
 */
function endpointsBehind(mesh: Mesh, service: Service, port: ServicePort): readonly Endpoint[] {
  if (service.resolution !== "eds") return mesh.endpointsOf(service, port);
  return mesh
    .endpointsOf(service)
    .filter(
      ({ portName, address, isMissing }) =>
        !isMissing && portName === port.name && isAddress(address),
    );
}
