import ipaddr from "ipaddr.js";
import { at, fits, isPlain, items, labelsOf, refOf, text, texts } from "./fields.js";
import type { Labels, Plain } from "./fields.js";
import type { Service } from "./services.js";

/** One endpoint of a service, as istiod keeps it. */
export interface Endpoint {
  address: string;
  labels: Labels;
  /** `istio`: a sidecar is in front of it. `disabled`: none is known. Other values are passed on. */
  tlsMode: string;
  /** The port name that has to match the service's. */
  portName: string;
  /** Endpoints of a ServiceEntry are matched by the port's number instead. */
  portNumber?: number;
  /** It stands for a Pod, or for a workload that was declared as part of the mesh. */
  isWorkload: boolean;
}

/** The objects that endpoints come from, by namespace. */
export interface EndpointSources {
  slices: readonly Plain[];
  endpoints: readonly Plain[];
  pods: readonly Plain[];
  workloadEntries: readonly Plain[];
}

const SERVICE_NAME = "kubernetes.io/service-name";
const SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror";
const LEADER_ELECTION = "control-plane.alpha.kubernetes.io/leader";
const TLS_MODE = "security.istio.io/tlsMode";

interface Workload {
  namespace: string;
  name: string;
  address: string;
  labels: Labels;
  tlsMode: string;
  ports: Labels;
}

/** Looks endpoints up by the service that they belong to. */
export class EndpointIndex {
  private readonly slices: Map<string, Plain[]>;
  private readonly legacy: Map<string, Plain>;
  private readonly pods: Map<string, Workload[]>;
  private readonly workloadEntries: Map<string, Workload[]>;

  constructor(sources: EndpointSources) {
    this.slices = groupBy(sources.slices.filter(isReadSlice), (slice) => {
      const labels = labelsOf(at(slice, "metadata", "labels"));
      return `${refOf(slice).namespace}/${labels[SERVICE_NAME] ?? ""}`;
    });
    this.legacy = new Map(
      sources.endpoints.filter(isMirrored).map((object) => [keyOf(object), object]),
    );
    this.pods = groupBy(sources.pods.map(readPod), (pod) => pod.namespace);
    this.workloadEntries = groupBy(
      sources.workloadEntries.map(readWorkloadEntry),
      (entry) => entry.namespace,
    );
  }

  /**
   * The endpoints of a Kubernetes Service: its EndpointSlices, manual ones included, and (only
   * without a selector) the mirror of the Endpoints of the same name; then WorkloadEntries.
   */
  ofKubernetes(service: Service): Endpoint[] {
    if (service.externalName !== undefined) return externalNameEndpoints(service);
    const key = `${service.ref.namespace}/${service.ref.name}`;
    const slices = (this.slices.get(key) ?? []).flatMap((slice) => this.fromSlice(slice));
    const legacy = service.selector ? undefined : this.legacy.get(key);
    const mirrored = legacy ? this.fromEndpoints(legacy) : [];
    return [...slices, ...mirrored, ...this.selectedBy(service)];
  }

  /** The endpoints of one host of a ServiceEntry. */
  ofServiceEntry(service: Service, object: Plain): Endpoint[] {
    const spec = at(object, "spec");
    const ports = items(at(spec, "ports")).filter(isPlain);
    const inline = items(at(spec, "endpoints")).filter(isPlain);
    const byName = service.resolution === "dns" || service.resolution === "dns-round-robin";
    let workloads: { address: string; labels: Labels; tlsMode: string; isWorkload: boolean }[];
    if (service.selector) {
      workloads = this.workloadsOf(service, byName).map((workload) => ({
        ...workload,
        isWorkload: true,
      }));
    } else if (inline.length === 0 && byName) {
      workloads = [{ address: service.host, labels: {}, tlsMode: "disabled", isWorkload: false }];
    } else {
      workloads = inline.map((endpoint) => {
        const labels = labelsOf(endpoint.labels);
        return {
          address: text(endpoint.address),
          labels,
          tlsMode: workloadEntryTlsMode(labels, endpoint.serviceAccount),
          isWorkload: false,
        };
      });
    }
    return workloads
      .flatMap((workload) =>
        service.ports.map((port) => ({
          ...workload,
          portName: port.name,
          portNumber: port.number,
        })),
      )
      .filter(() => ports.length > 0);
  }

  private workloadsOf(service: Service, byName: boolean): Workload[] {
    const namespace = service.ref.namespace;
    const selector = service.selector ?? {};
    const all = [
      ...(this.workloadEntries.get(namespace) ?? []).filter(
        (entry) => byName || ipaddr.isValid(entry.address),
      ),
      ...(this.pods.get(namespace) ?? []),
    ];
    return all.filter((workload) => fits(selector, workload.labels));
  }

  /** WorkloadEntries that a Kubernetes Service selects; headless ones don't. */
  private selectedBy(service: Service): Endpoint[] {
    if (!service.selector || service.resolution !== "eds") return [];
    const selector = service.selector;
    return (this.workloadEntries.get(service.ref.namespace) ?? [])
      .filter((entry) => ipaddr.isValid(entry.address) && Object.keys(entry.labels).length > 0)
      .filter((entry) => fits(selector, entry.labels))
      .flatMap((entry) =>
        service.ports.map((port) => ({ ...entry, portName: port.name, isWorkload: true })),
      );
  }

  private fromSlice(slice: Plain): Endpoint[] {
    const namespace = refOf(slice).namespace;
    const ports = items(slice.ports)
      .filter(isPlain)
      .map((port) => text(port.name));
    return items(slice.endpoints)
      .filter(isPlain)
      .flatMap((endpoint) =>
        texts(endpoint.addresses).flatMap((address) =>
          this.build(address, namespace, endpoint.targetRef, ports),
        ),
      );
  }

  private fromEndpoints(object: Plain): Endpoint[] {
    const namespace = refOf(object).namespace;
    return items(object.subsets)
      .filter(isPlain)
      .flatMap((subset) => {
        const ports = items(subset.ports)
          .filter(isPlain)
          .map((port) => text(port.name));
        const addresses = [...items(subset.addresses), ...items(subset.notReadyAddresses)];
        return addresses
          .filter(isPlain)
          .flatMap((address) => this.build(text(address.ip), namespace, address.targetRef, ports));
      });
  }

  /** A Pod is found by reference, else by address among the Pods of the same namespace. */
  private build(
    address: string,
    namespace: string,
    targetRef: unknown,
    ports: readonly string[],
  ): Endpoint[] {
    const expectsPod = at(targetRef, "kind") === "Pod";
    const pods = this.pods.get(expectsPod ? text(at(targetRef, "namespace")) : namespace) ?? [];
    const pod = pods.find((candidate) =>
      expectsPod ? candidate.name === at(targetRef, "name") : candidate.address === address,
    );
    return ports.map((portName) => ({
      address,
      labels: pod?.labels ?? {},
      tlsMode: pod?.tlsMode ?? "disabled",
      portName,
      isWorkload: expectsPod || pod !== undefined,
    }));
  }
}

/** Before ExternalNames were aliases, the name was the one endpoint of every declared port. */
function externalNameEndpoints(service: Service): Endpoint[] {
  return service.ports.map((port) => ({
    address: service.externalName ?? "",
    labels: service.labels,
    tlsMode: "disabled",
    portName: port.name,
    isWorkload: false,
  }));
}

function keyOf(object: Plain): string {
  const ref = refOf(object);
  return `${ref.namespace}/${ref.name}`;
}

function groupBy<T>(values: readonly T[], keyOfValue: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOfValue(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
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

function readPod(object: Plain): Workload {
  const labels = labelsOf(at(object, "metadata", "labels"));
  return {
    ...refOf(object),
    address: text(at(object, "status", "podIP")),
    labels,
    tlsMode: labels[TLS_MODE] ?? "disabled",
    ports: {},
  };
}

/** Labels of the object win over those in its spec. */
function readWorkloadEntry(object: Plain): Workload {
  const spec = at(object, "spec");
  const labels = {
    ...labelsOf(at(spec, "labels")),
    ...labelsOf(at(object, "metadata", "labels")),
  };
  return {
    ...refOf(object),
    address: text(at(spec, "address")),
    labels,
    tlsMode: workloadEntryTlsMode(labels, at(spec, "serviceAccount")),
    ports: {},
  };
}

function workloadEntryTlsMode(labels: Labels, serviceAccount: unknown): string {
  return labels[TLS_MODE] ?? (text(serviceAccount) === "" ? "disabled" : "istio");
}
