import { readAuthentication, type AcceptedTls } from "./authentication.js";
import { rulesOfPolicies } from "./backend-policies.js";
import { EndpointIndex, type Endpoint } from "./endpoints.js";
import { DEFAULT_FACTS, type MeshFacts } from "./facts.js";
import { at, text, type Labels, type Plain } from "./fields.js";
import { flatten } from "./flatten.js";
import { serviceNameOf } from "./hosts.js";
import type { KubeObject } from "./objects.js";
import { buildPools, type Pools } from "./pools.js";
import { Registry } from "./registry.js";
import { readRule, type Rule } from "./rules.js";
import { readServiceEntry } from "./service-entries.js";
import { readService, type Service, type ServicePort } from "./services.js";
import {
  gatewayScope,
  readSidecar,
  Sidecars,
  sidecarScope,
  type Scope,
  type Sidecar,
} from "./sidecars.js";
import type { Client } from "./verdict.js";
import { externalNameIsAlias } from "./versions.js";
import { readVirtualServices, type VirtualService } from "./virtual-services.js";

/** A set of objects as istiod reads it, indexed once. Make one with {@link readMesh}. */
export interface Mesh {
  readonly facts: MeshFacts;
  /** Every object, lists taken apart. */
  readonly objects: readonly Plain[];
  /** The objects that decide anything, of this revision of the control plane. */
  readonly byKind: Readonly<Record<Kind, readonly Plain[]>>;
  readonly rules: readonly Rule[];
  readonly pools: Pools;
  /** The label sets that rules of a namespace select their workloads by. */
  readonly selectorsByNamespace: ReadonlyMap<string, readonly Labels[]>;
  readonly services: readonly Service[];
  /** The services that each Service or ServiceEntry was read as. */
  readonly servicesByObject: ReadonlyMap<Plain, readonly Service[]>;
  readonly registry: Registry;
  readonly sidecars: Sidecars;
  readonly virtualServices: readonly VirtualService[];
  /** What the endpoints of a namespace accept. */
  readonly authentication: (namespace: string) => AcceptedTls;
  /** The endpoints of a service, of all ports or of one. */
  readonly endpointsOf: (service: Service, port?: ServicePort) => readonly Endpoint[];
  /** What a client imports. */
  readonly scopeOf: (client: Client) => Scope;
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
    defaultExportTo: known.defaultServiceExportTo,
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
    ...byKind.DestinationRule.map((object) => readRule(object, known.clusterDomain)),
    ...rulesOfPolicies(byKind.BackendTLSPolicy, servicesByObject, known),
  ];
  const sidecars = new Sidecars(byKind.Sidecar.map(readSidecar), known.rootNamespace);
  const virtualServices = readVirtualServices(byKind.VirtualService, known);
  const registry = new Registry(services);
  return {
    facts: known,
    objects: flat,
    byKind,
    rules,
    pools: buildPools(rules, known),
    selectorsByNamespace: selectorsByNamespace(rules),
    services,
    servicesByObject,
    registry,
    sidecars,
    virtualServices,
    authentication: readAuthentication(byKind.PeerAuthentication, known.rootNamespace),
    endpointsOf: endpointLookUp(byKind, registry, known.clusterDomain),
    scopeOf: scopeLookUp(sidecars, virtualServices, known),
  };
}

function selectorsByNamespace(rules: readonly Rule[]): Map<string, Labels[]> {
  const selectors = new Map<string, Labels[]>();
  for (const { ref, selector } of rules) {
    if (!selector) continue;
    const known = selectors.get(ref.namespace);
    if (known) known.push(selector);
    else selectors.set(ref.namespace, [selector]);
  }
  return selectors;
}

/** The kinds that decide anything, with the API group that each must have. */
export const GROUPS = {
  Service: "",
  Endpoints: "",
  Pod: "",
  EndpointSlice: "discovery.k8s.io",
  DestinationRule: "networking.istio.io",
  ServiceEntry: "networking.istio.io",
  WorkloadEntry: "networking.istio.io",
  Sidecar: "networking.istio.io",
  VirtualService: "networking.istio.io",
  PeerAuthentication: "security.istio.io",
  BackendTLSPolicy: "gateway.networking.k8s.io",
} as const;

export type Kind = keyof typeof GROUPS;

/** Objects by kind, without those that are labelled for another revision of the control plane. */
function sortByKind(objects: readonly Plain[], revision: string): Record<Kind, Plain[]> {
  const byKind = Object.fromEntries(
    Object.keys(GROUPS).map((kind): [string, Plain[]] => [kind, []]),
  ) as Record<Kind, Plain[]>;
  for (const object of objects) {
    const kind = text(object.kind) as Kind;
    const group = GROUPS[kind];
    if (group === undefined) continue;
    const [first, version] = text(object.apiVersion).split("/");
    if ((version === undefined ? "" : first) !== group) continue;
    if (group.endsWith("istio.io") && !isInRevision(object, revision)) continue;
    byKind[kind].push(object);
  }
  return byKind;
}

function isInRevision(object: Plain, revision: string): boolean {
  const own = at(object, "metadata", "labels", "istio.io/rev");
  return typeof own !== "string" || revision === "" || own === revision;
}

function scopeLookUp(
  sidecars: Sidecars,
  virtualServices: readonly VirtualService[],
  facts: MeshFacts,
) {
  const scopes = new Map<Sidecar | "gateway" | undefined, Map<string, Scope>>();
  const NO_LABELS: Labels = {};
  return (client: Client): Scope => {
    const kind = client.gateway
      ? "gateway"
      : sidecars.for(client.namespace, client.labels ?? NO_LABELS);
    let byNamespace = scopes.get(kind);
    if (!byNamespace) {
      byNamespace = new Map<string, Scope>();
      scopes.set(kind, byNamespace);
    }
    let scope = byNamespace.get(client.namespace);
    if (!scope) {
      scope =
        kind === "gateway"
          ? gatewayScope(client.namespace)
          : sidecarScope(client.namespace, kind, virtualServices, facts);
      byNamespace.set(client.namespace, scope);
    }
    return scope;
  };
}

function endpointLookUp(byKind: Record<Kind, Plain[]>, registry: Registry, clusterDomain: string) {
  const index = new EndpointIndex({
    slices: byKind.EndpointSlice,
    endpoints: byKind.Endpoints,
    pods: byKind.Pod,
    workloadEntries: byKind.WorkloadEntry,
  });
  const endpointsOfHost = new Map<string, Endpoint[]>();
  // Services of one host in one namespace share their endpoints, whatever registry they are of.
  return (service: Service, port?: ServicePort): Endpoint[] => {
    const { host } = service;
    const { namespace } = service.ref;
    const key = `${namespace}/${host}`;
    let endpoints = endpointsOfHost.get(key);
    if (!endpoints) {
      const same = registry.of(host).filter(({ ref }) => ref.namespace === namespace);
      endpoints = collectEndpoints(index, same);
      const missing = same.some(({ fromKubernetes }) => fromKubernetes)
        ? undefined
        : serviceNameOf(host, namespace, clusterDomain);
      if (missing !== undefined) endpoints.push(...index.ofMissingService(namespace, missing));
      endpointsOfHost.set(key, endpoints);
    }
    if (!port) return endpoints;
    return endpoints.filter(
      (endpoint) =>
        !endpoint.isMissing &&
        (endpoint.portNumber === undefined
          ? endpoint.portName === port.name
          : endpoint.portNumber === port.number),
    );
  };
}

function collectEndpoints(index: EndpointIndex, services: readonly Service[]): Endpoint[] {
  const taken = new Set<number>();
  return services.flatMap((service) => {
    if (service.fromKubernetes) return index.ofKubernetes(service);
    const endpoints = index.ofServiceEntry(service).filter(({ portNumber = 0 }) => {
      // A round-robin name has one endpoint per port; the oldest ServiceEntry gives it.
      const isTaken = service.resolution === "dns-round-robin" && taken.has(portNumber);
      taken.add(portNumber);
      return !isTaken;
    });
    return endpoints;
  });
}
