import { endpointLookup, portLookup, type EndpointLookup } from "./registry/endpoint-lookup.js";
import type { EndpointSources } from "./registry/endpoints.js";
import { flatten } from "./input/flatten.js";
import { externalNameIsAlias, readDefaultExportTo, trimsExportTo } from "./input/istio-version.js";
import { sortByKind, type Kind } from "./input/kinds.js";
import type { KubeObject } from "./input/kube-object.js";
import { DEFAULT_FACTS, type MeshFacts } from "./input/mesh-facts.js";
import type { Labels, Plain } from "./input/plain.js";
import { readAuthentication, type AcceptedTls } from "./registry/peer-authentication.js";
import { Registry } from "./registry/registry.js";
import { readServiceEntry } from "./registry/service-entry.js";
import { readService, type Service } from "./registry/service.js";
import { rulesFromBackendTlsPolicies } from "./rules/backend-tls-policy.js";
import {
  indexDestinationRules,
  type DestinationRuleIndex,
} from "./rules/destination-rule-index.js";
import { readDestinationRule, type DestinationRule } from "./rules/destination-rule.js";
import type { Client } from "./scope/client.js";
import { asVirtualService, readGatewayApiRoutes } from "./scope/gateway-api.js";
import type { RoutingRule } from "./scope/routing-rule.js";
import { sidecarScopeLookup, type SidecarScope } from "./scope/sidecar-scope.js";
import { readSidecar, Sidecars } from "./scope/sidecar.js";
import { readVirtualServices, type VirtualService } from "./scope/virtual-service.js";

/** A set of objects as istiod reads it, indexed once. Make one with {@link readMesh}. */
export interface Mesh {
  readonly facts: MeshFacts;
  /** Every object, lists taken apart. */
  readonly objects: readonly Plain[];
  /** The objects that decide anything, of this revision of the control plane. */
  readonly byKind: Readonly<Record<Kind, readonly Plain[]>>;
  readonly rules: readonly DestinationRule[];
  readonly destinationRuleIndex: DestinationRuleIndex;
  /** The label sets that rules of a namespace select their workloads by. */
  readonly selectorsByNamespace: ReadonlyMap<string, readonly Labels[]>;
  readonly services: readonly Service[];
  /** The services that each Service or ServiceEntry was read as. */
  readonly servicesByObject: ReadonlyMap<Plain, readonly Service[]>;
  readonly registry: Registry;
  readonly sidecars: Sidecars;
  /** Those of the mesh, and routes of the Gateway API that sidecars follow. */
  readonly virtualServices: readonly VirtualService[];
  /** Routes of the Gateway API as the VirtualServices that istiod makes of them. */
  readonly gatewayApiRoutes: readonly RoutingRule[];
  /** What the endpoints of a namespace accept. */
  readonly acceptedTls: (namespace: string) => AcceptedTls;
  /** The endpoints of a service, of all ports or of one. */
  readonly endpointsOf: EndpointLookup;
  /** What a client imports. */
  readonly sidecarScopeOf: (client: Client) => SidecarScope;
}

/**
 * Reads objects as istiod would. Never throws: what isn't an object, or not in the shape that
 * istiod expects, is left out.
 *
 * @param facts what the objects don't say; see {@link DEFAULT_FACTS}
 */
export function readMesh(objects: readonly KubeObject[], facts: Partial<MeshFacts> = {}): Mesh {
  const known: MeshFacts = { ...DEFAULT_FACTS, ...facts };
  const flat = flatten(objects);
  const byKind = sortByKind(flat, known.revision);
  const serviceFacts = {
    clusterDomain: known.clusterDomain,
    externalNameIsAlias: externalNameIsAlias(known),
    trimsExportTo: trimsExportTo(known),
    defaultExportTo: readDefaultExportTo(known.defaultServiceExportTo, known),
  };
  const servicesByObject = new Map<Plain, Service[]>([
    ...byKind.Service.map((object): [Plain, Service[]] => [
      object,
      [readService(object, serviceFacts)],
    ]),
    ...byKind.ServiceEntry.map((object): [Plain, Service[]] => [
      object,
      readServiceEntry(object, serviceFacts),
    ]),
  ]);
  const services = [...servicesByObject.values()].flat();
  const rules = [
    ...byKind.DestinationRule.map((object) => readDestinationRule(object, known.clusterDomain)),
    ...rulesFromBackendTlsPolicies(byKind.BackendTLSPolicy, servicesByObject, known),
  ];
  const sidecars = new Sidecars(byKind.Sidecar.map(readSidecar), known.rootNamespace);
  const gatewayApiRoutes = readGatewayApiRoutes({ objects: flat, byKind, facts: known });
  const virtualServices = [
    ...readVirtualServices(byKind.VirtualService, known),
    ...gatewayApiRoutes.filter(({ gateways }) => gateways.includes("mesh")).map(asVirtualService),
  ];
  const registry = new Registry(services, known);
  return {
    facts: known,
    objects: flat,
    byKind,
    rules,
    destinationRuleIndex: indexDestinationRules(rules, known),
    selectorsByNamespace: selectorsByNamespace(rules),
    services,
    servicesByObject,
    registry,
    sidecars,
    virtualServices,
    gatewayApiRoutes,
    acceptedTls: readAuthentication(byKind.PeerAuthentication, known.rootNamespace),
    endpointsOf: endpointLookup(endpointSources(byKind), registry, known),
    sidecarScopeOf: sidecarScopeLookup(sidecars, virtualServices, known),
  };
}

/** A mesh in which the services of one host were created in another order, oldest first. */
export function withServiceOrder(mesh: Mesh, host: string, services: readonly Service[]): Mesh {
  const registry = mesh.registry.withOrder(host, services);
  const { byKind, facts } = mesh;
  const isFirstTaken = services.some(({ resolution }) => resolution === "dns-round-robin");
  const endpointsOf = isFirstTaken
    ? endpointLookup(endpointSources(byKind), registry, facts)
    : portLookup((service) => mesh.endpointsOf(service), registry, facts);
  return { ...mesh, registry, endpointsOf };
}

/** A mesh with more rules, or with the ones that it has in another form. */
export function withRules(
  mesh: Mesh,
  rules: readonly DestinationRule[],
  destinationRuleIndex = indexDestinationRules(rules, mesh.facts),
): Mesh {
  return {
    ...mesh,
    rules,
    destinationRuleIndex,
    selectorsByNamespace: selectorsByNamespace(rules),
  };
}

function selectorsByNamespace(rules: readonly DestinationRule[]): Map<string, Labels[]> {
  const selectors = new Map<string, Labels[]>();
  for (const { ref, selector } of rules) {
    if (!selector) continue;
    const known = selectors.get(ref.namespace);
    if (known) known.push(selector);
    else selectors.set(ref.namespace, [selector]);
  }
  return selectors;
}

function endpointSources(byKind: Mesh["byKind"]): EndpointSources {
  return {
    slices: byKind.EndpointSlice,
    endpoints: byKind.Endpoints,
    pods: byKind.Pod,
    workloadEntries: byKind.WorkloadEntry,
  };
}
