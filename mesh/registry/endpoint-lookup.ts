import { matchesPortsByNumber } from "../input/istio-version.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { serviceNameOf } from "../input/hosts.js";
import { EndpointIndex, type Endpoint, type EndpointSources } from "./endpoints.js";
import type { Registry } from "./registry.js";
import type { Service, ServicePort } from "./service.js";

/** A port of a service; without a name, what istiod has under its number, whatever the endpoints call it. */
export type PortKey = Pick<ServicePort, "number"> & Partial<Pick<ServicePort, "name">>;

/** The endpoints of a service, of all ports or of one. */
export type EndpointLookup = (service: Service, port?: PortKey) => readonly Endpoint[];

/** Finds the endpoints of services on demand, once for each host of a namespace. */
export function endpointLookup(
  sources: EndpointSources,
  registry: Registry,
  facts: Pick<MeshFacts, "clusterDomain" | "istioVersion">,
): EndpointLookup {
  const index = new EndpointIndex(sources, facts);
  const endpointsOfHost = new Map<string, Endpoint[]>();
  // Services of one host in one namespace share their endpoints, whatever registry they are of.
  const endpointsOf = ({ host, ref }: Service): Endpoint[] => {
    const { namespace } = ref;
    const key = `${namespace}/${host}`;
    let endpoints = endpointsOfHost.get(key);
    if (!endpoints) {
      const same = registry.of(host).filter((service) => service.ref.namespace === namespace);
      endpoints = collectEndpoints(index, same);
      const missing = same.some(({ fromKubernetes }) => fromKubernetes)
        ? undefined
        : serviceNameOf(host, namespace, facts.clusterDomain);
      if (missing !== undefined) {
        endpoints = [...endpoints, ...index.ofMissingService(namespace, missing)];
      }
      endpointsOfHost.set(key, endpoints);
    }
    return endpoints;
  };
  return portLookup(endpointsOf, registry, facts);
}

/** Finds the endpoints of ports among those of services, as the order of the registry has it. */
export function portLookup(
  endpointsOf: (service: Service) => readonly Endpoint[],
  registry: Registry,
  facts: Pick<MeshFacts, "istioVersion">,
): EndpointLookup {
  const find = matchesPortsByNumber(facts) ? endpointsByNumber : endpointsByName;
  return (service, port) => {
    const endpoints = endpointsOf(service);
    if (!port) return endpoints;
    const { namespace } = service.ref;
    const same = registry.of(service.host).filter(({ ref }) => ref.namespace === namespace);
    // What nothing declares stands for itself.
    return find(endpoints, same.length > 0 ? same : [service], port);
  };
}

/**
 * The endpoints of a port (`initServiceRegistry`). Each of the namespace's services of a host looks at the
 * endpoints of all of them, and the last that finds any for a number decides what is there.
 */
function endpointsByNumber(
  endpoints: readonly Endpoint[],
  services: readonly Service[],
  { number }: PortKey,
): Endpoint[] {
  for (const { ports } of services.toReversed()) {
    if (!ports.some((port) => port.number === number)) continue;
    const numbers = new Map(ports.map((port) => [port.name, port.number]));
    const found = endpoints.filter(
      ({ isMissing, portName, portNumber = numbers.get(portName) }) =>
        !isMissing && portNumber === number,
    );
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * The endpoints of a port in older Istios: those whose port the last of the namespace's services of that host
 * numbers so (`initServiceRegistry`). A cluster takes those of its own port's name (`filterIstioEndpoint`).
 */
function endpointsByName(
  endpoints: readonly Endpoint[],
  services: readonly Service[],
  port: PortKey,
): Endpoint[] {
  const last = services.at(-1);
  const numbers = new Map(last?.ports.map(({ name, number }) => [name, number]));
  return endpoints.filter(
    ({ isMissing, portName }) =>
      !isMissing &&
      numbers.get(portName) === port.number &&
      (port.name === undefined || portName === port.name),
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
