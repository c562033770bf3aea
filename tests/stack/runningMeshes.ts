/** Small meshes for an API server: each shows what only it and its controllers make of objects. */
import type { KubernetesObject } from "@kubernetes/client-node";

/** Where the clients are, and most of the objects: beside the clients, and elsewhere. */
export const NAMESPACES = ["near", "far"] as const;

/** Objects, and clusters that the first namespace's clients must be sent, so that agreeing means something. */
interface RunningMesh {
  about: string;
  objects: (KubernetesObject & Record<string, unknown>)[];
  /** `client: host:port subset TLS by rule` */
  shows: string[];
}

type Fields = Record<string, unknown>;

function object(apiVersion: string, kind: string, namespace: string, name: string, rest: Fields) {
  const { labels, annotations, ...fields } = rest;
  const metadata = {
    name,
    namespace,
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
  };
  return { apiVersion, kind, metadata, ...fields } as KubernetesObject & Fields;
}

const TLS_PORT = { name: "tls", port: 443 };
const HTTP_PORT = { name: "http", port: 80 };

const service = (namespace: string, spec: Fields, rest: Fields = {}) =>
  object("v1", "Service", namespace, "my-api", { spec, ...rest });

const endpoints = (namespace: string, rest: Fields = {}) =>
  object("v1", "Endpoints", namespace, "my-api", {
    subsets: [{ addresses: [{ ip: "203.0.113.7" }], ports: [TLS_PORT] }],
    ...rest,
  });

/** As a person writes one with kubectl: the Service's name, and whatever else is said. */
const slice = (namespace: string, labels: Fields = {}, addresses = ["203.0.113.8"]) =>
  object("discovery.k8s.io/v1", "EndpointSlice", namespace, "my-api-by-hand", {
    labels: { "kubernetes.io/service-name": "my-api", ...labels },
    addressType: addresses.some((address) => address.includes(":")) ? "IPv6" : "IPv4",
    ports: [TLS_PORT],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  });

const rule = (namespace: string, name: string, spec: Fields) =>
  object("networking.istio.io/v1", "DestinationRule", namespace, name, { spec });

const istio = (kind: string, namespace: string, name: string, spec: Fields) =>
  object("networking.istio.io/v1", kind, namespace, name, { spec });

const entry = (namespace: string, host: string, spec: Fields) =>
  istio("ServiceEntry", namespace, "entry", {
    hosts: [host],
    ports: [{ number: 443, name: "tls", protocol: "TLS" }],
    resolution: "DNS",
    ...spec,
  });

const tls = (mode: string) => ({ trafficPolicy: { tls: { mode } } });
const HOST = "my-api.far.svc.cluster.local";

export const MESHES: RunningMesh[] = [
  {
    about: "Endpoints, which Kubernetes mirrors and istiod reads as slices",
    objects: [
      service("far", { ports: [TLS_PORT] }),
      endpoints("far"),
      rule("far", "mutual", { host: HOST, ...tls("ISTIO_MUTUAL") }),
    ],
    shows: [`near: ${HOST}:443 ISTIO_MUTUAL by far/mutual`],
  },
  {
    about: "Endpoints that say not to mirror them, beside a slice by hand",
    objects: [
      service("far", { ports: [TLS_PORT] }),
      endpoints("far", { labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } }),
      slice("far", { "endpointslice.kubernetes.io/managed-by": "staff" }),
    ],
    shows: [`near: ${HOST}:443 AUTO`],
  },
  {
    about: "a slice of IPv6 addresses that nobody manages, and a rule for its port",
    objects: [
      service("far", { ports: [TLS_PORT] }),
      slice("far", {}, ["2001:db8::8", "2001:db8::9"]),
      rule("far", "plain", {
        host: "my-api",
        trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: "DISABLE" } }] },
      }),
    ],
    shows: [`near: ${HOST}:443 PLAIN by far/plain`],
  },
  {
    about: "a cluster IP, on two ports, one of which a wildcard of the clients' namespace is for",
    objects: [
      service("far", { ports: [TLS_PORT, HTTP_PORT], selector: { app: "nobody" } }),
      rule("near", "mutual", {
        host: "*.far.svc.cluster.local",
        trafficPolicy: {
          portLevelSettings: [{ port: { number: 80 }, tls: { mode: "ISTIO_MUTUAL" } }],
        },
      }),
    ],
    shows: [
      `near: ${HOST}:443 AUTO by near/mutual`,
      `near: ${HOST}:80 ISTIO_MUTUAL by near/mutual`,
    ],
  },
  {
    about: "a headless Service with addresses outside, about which no rule says anything",
    objects: [service("far", { clusterIP: "None", ports: [TLS_PORT] }), endpoints("far")],
    shows: [`near: ${HOST}:443 PLAIN`],
  },
  {
    about: "a headless Service whose rule starts TLS",
    objects: [
      service("far", { clusterIP: "None", ports: [HTTP_PORT] }),
      slice("far"),
      rule("far", "simple", {
        host: HOST,
        trafficPolicy: {
          tls: { mode: "SIMPLE", sni: "api.example", subjectAltNames: ["api.example"] },
        },
      }),
    ],
    shows: [`near: ${HOST}:80 SIMPLE by far/simple`],
  },
  {
    about: "an ExternalName: no cluster of its own, and its target's rule",
    objects: [
      service("far", { type: "ExternalName", externalName: "api.example", ports: [TLS_PORT] }),
      rule("far", "on-the-alias", { host: HOST, ...tls("ISTIO_MUTUAL") }),
      entry("far", "api.example", {}),
      rule("far", "on-the-target", { host: "api.example", ...tls("DISABLE") }),
    ],
    shows: ["near: api.example:443 PLAIN by far/on-the-target"],
  },
  {
    about: "a ServiceEntry for the host of a Service, and one that only its namespace sees",
    objects: [
      service("far", { ports: [TLS_PORT] }),
      endpoints("far"),
      entry("far", HOST, { location: "MESH_INTERNAL", resolution: "STATIC", endpoints: [] }),
      { ...entry("near", "private.example", { exportTo: ["."] }) },
    ],
    shows: ["near: private.example:443 PLAIN"],
  },
  {
    about: "a Service that only its own namespace sees, and a rule for the other one",
    objects: [
      service(
        "far",
        { ports: [TLS_PORT] },
        { annotations: { "networking.istio.io/exportTo": "." } },
      ),
      endpoints("far"),
      rule("far", "for-others", { host: HOST, exportTo: ["near"], ...tls("DISABLE") }),
    ],
    shows: [`far: ${HOST}:443 AUTO`],
  },
  {
    about: "a Sidecar that imports one namespace alone",
    objects: [
      service("far", { ports: [TLS_PORT] }),
      endpoints("far"),
      service("near", { ports: [HTTP_PORT] }),
      istio("Sidecar", "near", "default", { egress: [{ hosts: ["far/*"] }] }),
    ],
    shows: [`near: ${HOST}:443 AUTO`, "far: my-api.near.svc.cluster.local:80 AUTO"],
  },
  {
    about: "two rules for one host: the API server's clock tells the older one",
    objects: [
      service("far", { ports: [TLS_PORT] }),
      endpoints("far"),
      rule("far", "a-subset", { host: HOST, subsets: [{ name: "v1", ...tls("SIMPLE") }] }),
      rule("far", "b-policy", { host: HOST, ...tls("DISABLE") }),
    ],
    shows: [
      `near: ${HOST}:443 PLAIN by far/a-subset`,
      `near: ${HOST}:443 v1 SIMPLE by far/a-subset`,
    ],
  },
  {
    about: "a rule for some workloads of a namespace",
    objects: [
      service("far", { ports: [TLS_PORT] }),
      endpoints("far"),
      rule("near", "special", {
        host: HOST,
        workloadSelector: { matchLabels: { app: "special" } },
        ...tls("ISTIO_MUTUAL"),
      }),
    ],
    shows: [`near (special): ${HOST}:443 ISTIO_MUTUAL by near/special`, `near: ${HOST}:443 AUTO`],
  },
  {
    about: "one port for UDP and TCP, and mutual TLS that a namespace doesn't take",
    objects: [
      service("far", {
        ports: [
          { name: "tls", port: 443, protocol: "TCP" },
          { name: "udp-quic", port: 443, protocol: "UDP" },
        ],
      }),
      endpoints("far"),
      object("security.istio.io/v1", "PeerAuthentication", "far", "default", {
        spec: { mtls: { mode: "DISABLE" } },
      }),
    ],
    shows: [`near: ${HOST}:443 PLAIN`],
  },
];
