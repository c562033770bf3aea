import type { ObjectRef } from "../input/kube-object.js";
import { effectiveTls, type EffectiveTls } from "./effective-tls.js";
import { compareText, fits } from "../input/plain.js";
import { looksUpRequestedNames } from "../input/istio-version.js";
import { isWildcard } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import {
  resolvePolicy,
  type Origin,
  type RuleLevel,
  type Subset,
  type TrafficPolicy,
} from "../rules/traffic-policy.js";
import {
  chooseRule,
  lookUpRules,
  type ConsolidatedRule,
  type RuleLookup,
} from "../rules/destination-rule-index.js";
import type { Service, ServicePort } from "../registry/service.js";
import { importedService } from "../scope/imported-service.js";
import type { Client } from "../scope/client.js";

/** One outbound cluster that istiod sends to a client. */
export interface Cluster {
  host: string;
  port: number;
  /** "" for the cluster without a subset. */
  subset: string;
  tls: EffectiveTls;
  /** The rule that decided; absent where no DestinationRule is selected. */
  rule?: ObjectRef;
}

/** What istiod sends a client's proxy about one port and subset of a service. */
export interface Outcome {
  port: number;
  subset: string;
  /** Undefined: istiod sends no cluster. */
  tls?: EffectiveTls;
  /** The deciding `tls` block says ISTIO_MUTUAL, whether or not there is a cluster. */
  saysIstioMutual: boolean;
  /** The server name that the deciding `tls` block gives. */
  sni?: string;
  /** Where the deciding `tls` block was written. */
  origin?: Origin;
  level?: RuleLevel;
}

/** A service, and the rule that a client follows towards it. */
export interface Selection {
  service: Service;
  rule?: ConsolidatedRule;
  gateway: boolean;
}

/** Protocols that the dynamic forward proxy of a wildcard host can carry. */
const FORWARDED: readonly string[] = ["http", "tls", "grpc", "http2"];

/**
 * Every outbound cluster of a service, the ones of its subsets too, and what would hold for ports
 * that get none (pilot/pkg/networking/core/cluster.go `buildOutboundClusters`).
 */
export function outcomesOf(mesh: Mesh, selection: Selection): Outcome[] {
  const { service, rule } = selection;
  const subsets = isForwarded(service) ? [] : (rule?.subsets ?? []);
  const outcomes: Outcome[] = [];
  for (const port of service.ports) {
    const of = port.owner ? { ...selection, service: port.owner } : selection;
    const main = outcomeOf(mesh, of, port, undefined);
    outcomes.push(main);
    for (const subset of subsets) {
      outcomes.push(outcomeOf(mesh, of, port, subset, main.tls));
    }
  }
  return outcomes.length === 1 ? outcomes : distinct(outcomes);
}

/** TCP and UDP may share a number: the one with a cluster counts. */
function distinct(outcomes: readonly Outcome[]): Outcome[] {
  const byPlace = new Map<string, Outcome>();
  for (const outcome of outcomes) {
    const place = `${outcome.port}|${outcome.subset}`;
    if (byPlace.get(place)?.tls === undefined) byPlace.set(place, outcome);
  }
  return [...byPlace.values()];
}

/** A wildcard whose names are looked up per request. */
export function isForwarded(service: Service): boolean {
  return service.resolution === "dynamic-dns" && isWildcard(service.host);
}

function outcomeOf(
  mesh: Mesh,
  selection: Selection,
  port: ServicePort,
  subset: Subset | undefined,
  mainTls?: EffectiveTls,
): Outcome {
  const { service, rule, gateway } = selection;
  const policy = rule?.policy;
  const settings = resolvePolicy(policy, subset, port.number);
  const isSent =
    subset === undefined
      ? hasMainCluster(mesh, service, port)
      : mainTls !== undefined && hasSubsetCluster(mesh, selection, port, subset);
  const outcome: Outcome = {
    port: port.number,
    subset: subset?.name ?? "",
    saysIstioMutual: settings.tls?.mode === "ISTIO_MUTUAL",
  };
  if (settings.tls) {
    outcome.origin = settings.origin;
    outcome.level = settings.level;
    if (settings.tls.sni !== undefined) outcome.sni = settings.tls.sni;
  }
  if (!isSent) return outcome;
  const inferred = subset ? subset.policy?.loadBalancer : policy?.loadBalancer;
  outcome.tls = effectiveTls({
    tls: settings.tls,
    meshExternal: service.meshExternal,
    enableAutoMtls: mesh.facts.enableAutoMtls,
    accepted: acceptedTls(mesh, service, port, inferred?.passthrough === true),
    originalDestination:
      !isForwarded(service) &&
      (isOriginalDestination(service, gateway) ||
        settings.loadBalancer?.passthrough === true ||
        (subset !== undefined && startsAtOriginalDestination(policy, subset, port))),
    gateway,
    istioVersion: mesh.facts.istioVersion,
    ruleHasSelector: rule?.selector !== undefined,
  });
  return outcome;
}

/** A subset's cluster starts from its own type, or the one that the main cluster ended with. */
function startsAtOriginalDestination(
  policy: TrafficPolicy | undefined,
  subset: Subset,
  port: ServicePort,
): boolean {
  return (
    subset.policy?.loadBalancer?.passthrough === true ||
    resolvePolicy(policy, undefined, port.number).loadBalancer?.passthrough === true
  );
}

/** Gateways have no original destination, so they are given the endpoints instead. */
function isOriginalDestination(service: Service, gateway: boolean): boolean {
  return service.resolution === "original-destination" && !gateway;
}

/**
 * What istiod believes that a service accepts. Traffic to an original destination needs every
 * endpoint to have a sidecar; istiod looks at the policy's own load balancer only, not at the one
 * of a port level setting, though that one takes effect (`BestEffortInferServiceMTLSMode`).
 */
function acceptedTls(mesh: Mesh, service: Service, port: ServicePort, passthrough: boolean) {
  if (service.resolution === "original-destination" || passthrough) {
    const endpoints = mesh.endpointsOf(service, { number: port.number });
    if (endpoints.length === 0 || endpoints.some(({ tlsMode }) => tlsMode === "disabled")) {
      return "DISABLE";
    }
  }
  return mesh.acceptedTls(service.ref.namespace);
}

function hasMainCluster(mesh: Mesh, service: Service, port: ServicePort): boolean {
  if (service.resolution === "alias" || port.protocol === "udp") return false;
  if (service.resolution === "dynamic-dns" && !looksUpRequestedNames(mesh.facts)) return false;
  if (isForwarded(service)) return FORWARDED.includes(port.protocol);
  return !isLookedUp(service) || mesh.endpointsOf(service, port).length > 0;
}

/** Clusters of names need a name: a subset's must select at least one endpoint. */
function hasSubsetCluster(
  mesh: Mesh,
  selection: Selection,
  port: ServicePort,
  subset: Subset,
): boolean {
  const { service, rule } = selection;
  if (!isLookedUp(service)) return true;
  return (
    startsAtOriginalDestination(rule?.policy, subset, port) ||
    mesh.endpointsOf(service, port).some((endpoint) => fits(subset.labels, endpoint.labels))
  );
}

function isLookedUp(service: Service): boolean {
  return service.resolution === "dns" || service.resolution === "dns-round-robin";
}

/**
 * Every outbound cluster that istiod would send to a client, one per host, port and subset, sorted.
 * `rule` is the rule that the cluster's metadata names.
 */
export function clustersOf(mesh: Mesh, client: Client): Cluster[] {
  const scope = mesh.sidecarScopeOf(client);
  const clusters = [...mesh.registry.hosts()].flatMap((host) =>
    clustersTowards(mesh, client, host, scope),
  );
  return clusters.sort(
    (a, b) => compareText(a.host, b.host) || a.port - b.port || compareText(a.subset, b.subset),
  );
}

/** Those of one host, in no order. */
export function clustersTowards(
  mesh: Mesh,
  client: Client,
  host: string,
  scope = mesh.sidecarScopeOf(client),
): Cluster[] {
  const service = importedService(mesh, scope, host);
  if (!service) return [];
  const consolidated = ruleFor(mesh, client, service);
  const rule = consolidated?.rules[0]?.ref;
  const gateway = client.gateway === true;
  return outcomesOf(mesh, { service, rule: consolidated, gateway }).flatMap(
    ({ port, subset, tls }) =>
      tls ? [{ host, port, subset, tls, ...(rule ? { rule } : {}) }] : [],
  );
}

/** The rule that a client follows towards a service. */
export function ruleFor(
  mesh: Mesh,
  client: Client,
  service: Service,
): ConsolidatedRule | undefined {
  const rules = rulesTowards(mesh, service);
  return chooseRule(rules(client.namespace), client.namespace, client.labels ?? {});
}

/** Looks up the rules that hold for a service that clients are given. */
export function rulesTowards(mesh: Mesh, service: Service): RuleLookup {
  const { host, ref, passedOver } = service;
  const own = lookUpRules(mesh.destinationRuleIndex, mesh.facts, host, ref.namespace);
  if (!passedOver) return own;
  const others = rulesTowards(mesh, passedOver);
  return (namespace) => {
    const found = own(namespace);
    return found.length > 0 ? found : others(namespace);
  };
}
