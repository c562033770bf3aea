import { isAddress } from "../input/hosts.js";
import { selectsAllWithoutLabels } from "../input/istio-version.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { at, fits, isPlain, items, labelsOf, refOf, text, texts, indexBy } from "../input/plain.js";
import type { Labels, Plain } from "../input/plain.js";
import type { Service } from "./service.js";
import {
  readInlineEndpoint,
  readPod,
  readWorkloadEntry,
  takesMutualTls,
  type Workload,
} from "./workload.js";

/** One endpoint of one port of a service. */
export interface Endpoint {
  address: string;
  labels: Labels;
  tlsMode: string;
  /** The port name that has to match the service's. */
  portName: string;
  /** Endpoints of a ServiceEntry are matched by the port's number instead. */
  portNumber?: number;
  /** It stands for a Pod, or for a workload with a sidecar, so it isn't outside. */
  isInside: boolean;
  /** istiod waits for a Pod that it can't see, and sends nothing until then. */
  isMissing: boolean;
  /** istiod keeps it back until it is ready. */
  isUnready?: true;
}

/** The objects that endpoints come from. */
export interface EndpointSources {
  slices: readonly Plain[];
  endpoints: readonly Plain[];
  pods: readonly Plain[];
  workloadEntries: readonly Plain[];
}

const SERVICE_NAME = "kubernetes.io/service-name";
const SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror";
const LEADER_ELECTION = "control-plane.alpha.kubernetes.io/leader";

/**
 * Finds the endpoints of a service (pilot/pkg/serviceregistry/kube/controller and
 * pilot/pkg/serviceregistry/serviceentry). istiod reads EndpointSlices only; Endpoints count
 * through Kubernetes' mirroring controller.
 */
export class EndpointIndex {
  private readonly slices: Map<string, Plain[]>;
  private readonly mirrored: Map<string, Plain>;
  private readonly pods: Map<string, Workload[]>;
  private readonly workloadEntries: Map<string, Workload[]>;

  constructor(
    sources: EndpointSources,
    private readonly facts: Pick<MeshFacts, "istioVersion">,
  ) {
    this.slices = indexBy(sources.slices.filter(isReadSlice), (slice) =>
      keyOf(refOf(slice).namespace, text(at(slice, "metadata", "labels", SERVICE_NAME))),
    );
    this.mirrored = new Map(
      sources.endpoints.filter(isMirrored).map((object) => {
        const { namespace, name } = refOf(object);
        return [keyOf(namespace, name), object];
      }),
    );
    this.pods = indexBy(sources.pods.map(readPod), (pod) => pod.namespace);
    this.workloadEntries = indexBy(
      sources.workloadEntries.map(readWorkloadEntry).filter(({ isReady }) => isReady),
      (entry) => entry.namespace,
    );
  }

  /**
   * The endpoints of a Kubernetes Service: its EndpointSlices, manual ones included, the mirror of
   * the Endpoints of its name (only without a selector), and WorkloadEntries that it selects. An
   * alias has no use for any, but a ServiceEntry with its host has.
   */
  ofKubernetes(service: Service): Endpoint[] {
    if (service.externalName !== undefined && service.resolution !== "alias") {
      return externalNameEndpoints(service);
    }
    const { namespace, name } = service.ref;
    const slices = this.inSlices(namespace, name);
    const legacy = service.selector ? undefined : this.mirrored.get(keyOf(namespace, name));
    const all = [...slices, ...(legacy ? this.ofLegacy(legacy) : [])];
    return [...distinct(all), ...this.selectedByService(service)];
  }

  /**
   * Endpoints in slices of a Service that doesn't exist: istiod keeps them under the host that it
   * would have (`hostNamesForNamespacedName`), so a ServiceEntry with that host gets them.
   */
  ofMissingService(namespace: string, name: string): Endpoint[] {
    return distinct(this.inSlices(namespace, name));
  }

  private inSlices(namespace: string, serviceName: string): Endpoint[] {
    const slices = this.slices.get(keyOf(namespace, serviceName)) ?? [];
    return slices.flatMap((slice) => this.ofSlice(slice));
  }

  /** The endpoints of one host of a ServiceEntry, for each of its ports. */
  ofServiceEntry(service: Service): Endpoint[] {
    return this.behind(service).flatMap(({ address, labels, tlsMode, isPod }) =>
      service.ports.map((port) => ({
        address,
        labels,
        tlsMode,
        portName: port.name,
        portNumber: port.number,
        isInside: isPod || takesMutualTls({ tlsMode }),
        isMissing: false,
      })),
    );
  }

  private behind(service: Service): Pick<Workload, "address" | "labels" | "tlsMode" | "isPod">[] {
    const byName = service.resolution === "dns" || service.resolution === "dns-round-robin";
    if (service.selector) return this.selectedByEntry(service, service.selector, byName);
    const inline = items(at(service.object, "spec", "endpoints")).filter(isPlain);
    return inline.length === 0 && byName
      ? [{ address: service.host, labels: {}, tlsMode: "disabled", isPod: false }]
      : inline.map(readInlineEndpoint);
  }

  /** WorkloadEntries and Pods that a ServiceEntry selects; only a looked-up one can have names. */
  private selectedByEntry(service: Service, selector: Labels, byName: boolean): Workload[] {
    const namespace = service.ref.namespace;
    if (Object.keys(selector).length === 0 && !selectsAllWithoutLabels(this.facts)) return [];
    const entries = this.workloadEntries.get(namespace) ?? [];
    const pods = this.pods.get(namespace) ?? [];
    return [
      ...entries.filter((entry) => byName || isAddress(entry.address)),
      ...pods.filter((pod) => pod.isReady),
    ].filter((workload) => fits(selector, workload.labels));
  }

  /** WorkloadEntries with labels that a Kubernetes Service selects; headless ones don't. */
  private selectedByService(service: Service): Endpoint[] {
    const selector = service.selector;
    if (!selector || service.resolution !== "eds") return [];
    return (this.workloadEntries.get(service.ref.namespace) ?? [])
      .filter((entry) => isAddress(entry.address) && Object.keys(entry.labels).length > 0)
      .filter((entry) => fits(selector, entry.labels))
      .flatMap(({ address, labels, tlsMode, ports }) =>
        service.ports
          .filter(({ targetName }) => targetName === undefined || (ports[targetName] ?? 0) > 0)
          .map(({ name }) => ({
            address,
            labels,
            tlsMode,
            portName: name,
            isInside: takesMutualTls({ tlsMode }),
            isMissing: false,
          })),
      );
  }

  private ofSlice(slice: Plain): Endpoint[] {
    const { namespace } = refOf(slice);
    const ports = items(slice.ports)
      .filter(isPlain)
      .map((port) => text(port.name));
    return items(slice.endpoints)
      .filter(isPlain)
      .flatMap(({ addresses, targetRef, conditions }) =>
        texts(addresses)
          .flatMap((address) => this.build(address, namespace, targetRef, ports))
          .map((endpoint) => (at(conditions, "ready") === false ? unready(endpoint) : endpoint)),
      );
  }

  private ofLegacy(object: Plain): Endpoint[] {
    const { namespace } = refOf(object);
    return items(object.subsets)
      .filter(isPlain)
      .flatMap((subset) => {
        const ports = items(subset.ports)
          .filter(isPlain)
          .map((port) => text(port.name));
        const endpointsOf = (addresses: unknown) =>
          items(addresses)
            .filter(isPlain)
            .flatMap(({ ip, targetRef }) => this.build(text(ip), namespace, targetRef, ports));
        return [
          ...endpointsOf(subset.addresses),
          ...endpointsOf(subset.notReadyAddresses).map(unready),
        ];
      });
  }

  /** A Pod is found by reference, else by address among the ready Pods of the same namespace. */
  private build(
    address: string,
    namespace: string,
    targetRef: unknown,
    ports: readonly string[],
  ): Endpoint[] {
    const byReference = at(targetRef, "kind") === "Pod";
    const pods = this.pods.get(byReference ? text(at(targetRef, "namespace")) : namespace) ?? [];
    const pod = pods.find((candidate) =>
      byReference
        ? candidate.name === at(targetRef, "name")
        : candidate.isReady && candidate.address === address,
    );
    // istiod takes a Pod's word for any address, but another address is another server's.
    const isOthers = byReference && pod?.addresses.length && !pod.addresses.includes(address);
    return ports.map((portName) => ({
      address,
      labels: pod?.labels ?? {},
      tlsMode: pod?.tlsMode ?? "disabled",
      portName,
      isInside: (byReference || pod !== undefined) && !isOthers,
      isMissing: byReference && pod === undefined,
    }));
  }
}

function unready(endpoint: Endpoint): Endpoint {
  return { ...endpoint, isUnready: true };
}

/** Before ExternalNames were aliases, the name was the one endpoint of every declared port. */
function externalNameEndpoints(service: Service): Endpoint[] {
  return service.ports.map((port) => ({
    address: service.externalName ?? "",
    labels: service.labels,
    // istiod says nothing of it, which doesn't count as disabled (`ExternalNameEndpoints`).
    tlsMode: "",
    portName: port.name,
    isInside: false,
    isMissing: false,
  }));
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Slices of one Service may overlap; istiod keeps an address once per port. */
function distinct(endpoints: readonly Endpoint[]): Endpoint[] {
  const byPlace = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const place = `${endpoint.address}|${endpoint.portName}`;
    if (byPlace.get(place)?.isMissing !== false) byPlace.set(place, endpoint);
  }
  return [...byPlace.values()];
}

/** istiod reads slices that name their Service and hold addresses, not names. */
function isReadSlice(slice: Plain): boolean {
  const labels = labelsOf(at(slice, "metadata", "labels"));
  return (
    labels[SERVICE_NAME] !== undefined &&
    labels["multicluster.kubernetes.io/service-name"] === undefined &&
    slice.addressType !== "FQDN"
  );
}

/** Kubernetes' mirroring controller leaves these out, so istiod never sees them. */
function isMirrored(object: Plain): boolean {
  const metadata = at(object, "metadata");
  return (
    at(metadata, "labels", SKIP_MIRROR) !== "true" &&
    at(metadata, "annotations", LEADER_ELECTION) === undefined
  );
}
