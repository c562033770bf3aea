import { matchesPortsByNumber } from "../input/istio-version.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { serviceNameOf } from "../input/hosts.js";
import { EndpointIndex, type Endpoint, type EndpointSources } from "./endpoints.js";
import type { Registry } from "./registry.js";
import type { Service, ServicePort } from "./service.js";

/** The endpoints of a service, of all ports or of one. */
export type EndpointLookup = (service: Service, port?: ServicePort) => readonly Endpoint[];

/** Finds the endpoints of services on demand, once for each host of a namespace. */
export function endpointLookup(
  sources: EndpointSources,
  registry: Registry,
  facts: Pick<MeshFacts, "clusterDomain" | "istioVersion">,
): EndpointLookup {
  const byNumber = matchesPortsByNumber(facts);
  const index = new EndpointIndex(sources, facts);
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
        : serviceNameOf(host, namespace, facts.clusterDomain);
      if (missing !== undefined) {
        endpoints = [...endpoints, ...index.ofMissingService(namespace, missing)];
      }
      endpointsOfHost.set(key, endpoints);
    }
    if (!port) return endpoints;
    if (!byNumber) return endpointsByName(endpoints, registry.of(host), service, port);
    return endpoints.filter(
      (endpoint) =>
        !endpoint.isMissing &&
        (endpoint.portNumber === undefined
          ? endpoint.portName === port.name
          : endpoint.portNumber === port.number),
    );
  };
}

/**
 * The endpoints of a port in older Istios: by the port's name, if the last of the namespace's
 * services of that host numbers it alike (`initServiceRegistry`).
 */
function endpointsByName(
  endpoints: readonly Endpoint[],
  ofHost: readonly Service[],
  { ref }: Service,
  port: ServicePort,
): Endpoint[] {
  const last = ofHost.findLast((service) => service.ref.namespace === ref.namespace);
  const numbers = new Map(last?.ports.map(({ name, number }) => [name, number]));
  return endpoints.filter(
    ({ isMissing, portName }) =>
      !isMissing && portName === port.name && numbers.get(portName) === port.number,
  );
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
