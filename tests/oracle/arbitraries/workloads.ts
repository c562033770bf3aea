/** What stands behind Services: Pods, EndpointSlices, WorkloadEntries. */
import fc from "fast-check";
import {
  istioMetadata,
  locality,
  namespace,
  seldom,
  serviceName,
  type ValueOf,
  workloadLabels,
} from "./names.js";

interface Named {
  metadata: { name: string; namespace: string };
}

/** Where a slice is; its number makes its Pods' addresses its own. */
type Slice = Named["metadata"];

const OF_SERVICE = "kubernetes.io/service-name";

const condition = (type: string) => ({ type, status: "True" });

interface PodArgs {
  name: string;
  namespace: string;
  labels: object;
  withSidecar: boolean;
  podIP: string;
}

/** A Pod that runs; the label is what injection leaves on a Pod with a sidecar. */
function podObject({ name, namespace, labels, withSidecar, podIP }: PodArgs) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...(withSidecar && { "security.istio.io/tlsMode": "istio" }) },
    },
    spec: { containers: [{ name: "main", image: "main" }] },
    status: {
      phase: "Running",
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: [condition("Ready"), condition("ContainersReady"), condition("PodScheduled")],
    },
  };
}

/** A Pod behind no slice: what a ServiceEntry may select. */
export const pod = fc
  .record({
    name: fc.constantFrom("p1", "p2", "p3"),
    namespace,
    labels: workloadLabels,
    withSidecar: fc.boolean(),
  })
  .map((args) =>
    podObject({
      ...args,
      podIP: `10.1.${"nxyi".indexOf(args.namespace[0]!)}.${args.name.slice(1)}`,
    }),
  );

/** What an endpoint of a slice is: a Pod that it names, a Pod's address alone, or something outside. */
const endpoint = fc.record({
  behind: fc.constantFrom("pod", "pod", "pod", "address of a pod", "outside", "vanished pod"),
  withSidecar: fc.constantFrom(true, true, true, false),
  labels: workloadLabels,
  ready: fc.constantFrom(undefined, true, false),
});

/** Ports are joined to the Service's by name; `wrong` belongs to none. */
const slicePorts = fc.uniqueArray(
  fc.constantFrom(
    { name: "https", port: 443, protocol: "TCP" },
    { name: "http", port: 80, protocol: "TCP" },
    { name: "wrong", port: 443, protocol: "TCP" },
    { name: "other", port: 8443, protocol: "TCP" },
    { name: "dns-tcp", port: 53, protocol: "TCP" },
  ),
  { minLength: 1, maxLength: 3, selector: (port) => port.name },
);

const backend = fc.record({
  /** Which of the mesh's Services it belongs to, by index; absent: one that may not exist. */
  of: fc.option(fc.nat(4), { nil: undefined, freq: 6 }),
  namespace,
  service: serviceName,
  label: fc.oneof(
    { weight: 10, arbitrary: fc.constant(OF_SERVICE) },
    { weight: 1, arbitrary: fc.constantFrom("app", "multicluster.kubernetes.io/service-name") },
  ),
  ports: slicePorts,
  addressType: fc.oneof(
    { weight: 10, arbitrary: fc.constant("IPv4") },
    { weight: 1, arbitrary: fc.constantFrom("IPv6", "FQDN") },
  ),
  endpoints: fc.array(endpoint, { maxLength: 3 }),
});

type Backend = ValueOf<typeof backend>;
type Endpoint = ValueOf<typeof endpoint>;

/** EndpointSlices with what stands behind them; {@link backendObjects} makes the objects. */
export const backends = fc.array(backend, { maxLength: 3 });

/** The slices of some backends and their Pods, each with an address of its own. */
export function backendObjects(backends: Backend[], services: Named[]): unknown[] {
  return backends.flatMap((one, index) => {
    const owner = one.of === undefined ? undefined : services[one.of % services.length];
    const { name, namespace } = owner?.metadata ?? { name: one.service, namespace: one.namespace };
    const slice = { name: `s${index}`, namespace };
    return [
      ...one.endpoints
        .filter(({ behind }) => behind === "pod" || behind === "address of a pod")
        .map((endpoint) => podBehind(endpoint, slice, one.endpoints.indexOf(endpoint))),
      sliceObject(one, name, slice),
    ];
  });
}

function addressOf({ name }: Slice, position: number): string {
  return `10.0.${name.slice(1)}.${position + 1}`;
}

function podBehind(endpoint: Endpoint, slice: Slice, position: number) {
  const { labels, withSidecar } = endpoint;
  return podObject({
    name: `${slice.name}-${position}`,
    namespace: slice.namespace,
    labels,
    withSidecar,
    podIP: addressOf(slice, position),
  });
}

function sliceObject(one: Backend, service: string, slice: Slice) {
  const ofService = one.label === OF_SERVICE || one.label.startsWith("multicluster");
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      ...slice,
      labels: { [one.label]: service, ...(ofService && { [OF_SERVICE]: service }) },
    },
    addressType: one.addressType,
    endpoints: one.endpoints.map((endpoint, position) => ({
      addresses: [addressInSlice(one.addressType, endpoint, slice, position)],
      ...(["pod", "vanished pod"].includes(endpoint.behind) && {
        targetRef: { kind: "Pod", name: `${slice.name}-${position}`, namespace: slice.namespace },
      }),
      ...(endpoint.ready !== undefined && { conditions: { ready: endpoint.ready } }),
    })),
    ports: one.ports,
  };
}

function addressInSlice(type: string, { behind }: Endpoint, slice: Slice, position: number) {
  if (type === "FQDN") return "h.org";
  if (type === "IPv6") return "2001:db8::7";
  return behind === "outside" ? "91.198.174.192" : addressOf(slice, position);
}

const PROBED = { "proxy.istio.io/health-checks-enabled": "true" };

/** What istiod's probes found: nothing yet, or whether it is healthy. */
const health = fc.constantFrom(undefined, "True", "False");

/** An address in the mesh that is no Pod: it can speak mTLS if a label or a service account says so. */
export const workloadEntry = fc
  .record({
    metadata: istioMetadata("we1", "we2"),
    address: fc.constantFrom("91.198.174.192", "10.1.0.1"),
    labels: workloadLabels,
    tlsMode: seldom(fc.constantFrom("istio", "disabled"), 2),
    serviceAccount: seldom(fc.constant("sa"), 2),
    locality: seldom(locality, 3),
    probe: seldom(fc.record({ health }), 4),
  })
  .map(({ metadata, address, labels, tlsMode, serviceAccount, locality, probe }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "WorkloadEntry",
    metadata: probe ? { ...metadata, annotations: PROBED } : metadata,
    spec: {
      address,
      labels: {
        ...labels,
        ...(tlsMode !== undefined && { "security.istio.io/tlsMode": tlsMode }),
      },
      ...(serviceAccount !== undefined && { serviceAccount }),
      ...(locality !== undefined && { locality }),
    },
    ...(probe?.health && { status: { conditions: [{ type: "Healthy", status: probe.health }] } }),
  }));
