/** What a team has applied without a catalogue: forty objects of every kind that an alias is made of. */
import type { KubernetesObject } from "@kubernetes/client-node";

export const NAMESPACES = ["legacy-a", "legacy-b"];

type Manifest = KubernetesObject & { metadata: { name: string; namespace: string } };

const service = (namespace: string, name: string, spec: object): Manifest => ({
  ...{ apiVersion: "v1", kind: "Service", metadata: { name, namespace } },
  ...{ spec },
});
const named = (namespace: string, name: string, ports: object[]) =>
  service(namespace, name, { type: "ExternalName", externalName: hostOf(namespace, name), ports });

const istio =
  (kind: string) =>
  (namespace: string, name: string, spec: object): Manifest => ({
    ...{ apiVersion: "networking.istio.io/v1", kind, metadata: { name, namespace } },
    ...{ spec },
  });
const [rule, entry, route] = ["DestinationRule", "ServiceEntry", "VirtualService"].map(istio) as [
  ReturnType<typeof istio>,
  ReturnType<typeof istio>,
  ReturnType<typeof istio>,
];

function hostOf(namespace: string, name: string): string {
  return `${name}.${namespace}.example.com`;
}

function fullName(namespace: string, name: string): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

const http = { name: "http", port: 80 };
const plain = { trafficPolicy: { tls: { mode: "DISABLE" } } };

/** An ExternalName alone: to Istio it has no cluster. */
const bare = (ns: string, name: string) => [named(ns, name, [http])];

/** The Istio task's: a rule on the alias, which does nothing. */
const ofTheTask = (ns: string, name: string) => [
  named(ns, name, [http]),
  rule(ns, name, { host: fullName(ns, name), ...plain }),
];

/** All that a client's sidecar needs to encrypt, as the catalogue would write it. */
function encrypting(ns: string, name: string): Manifest[] {
  const host = hostOf(ns, name);
  const tls = { mode: "SIMPLE", sni: host, subjectAltNames: [host] };
  const ports = [{ number: 80, name: "http", protocol: "HTTP", targetPort: 443 }];
  const destination = { host, port: { number: 80 } };
  return [
    named(ns, name, [http]),
    rule(ns, name, { host: fullName(ns, name), trafficPolicy: { tls } }),
    // What a catalogue has no words for stays.
    rule(ns, host, {
      host,
      trafficPolicy: { tls, connectionPool: { tcp: { maxConnections: 90 } } },
    }),
    entry(ns, host, { hosts: [host], location: "MESH_EXTERNAL", resolution: "DNS", ports }),
    route(ns, host, {
      hosts: [host],
      http: [{ match: [{ port: 80 }], rewrite: { authority: host }, route: [{ destination }] }],
    }),
  ];
}

/** A Service without selector, whose addresses are Endpoints; its rule's host is written short. */
const addressed = (ns: string, name: string, ip: string) => [
  service(ns, name, { ports: [{ name: "tls", port: 443 }], sessionAffinity: "ClientIP" }),
  {
    ...{ apiVersion: "v1", kind: "Endpoints", metadata: { name, namespace: ns } },
    ...{ subsets: [{ addresses: [{ ip }], ports: [{ name: "tls", port: 443 }] }] },
  },
  rule(ns, name, { host: name, ...plain }),
];

/** One with a slice, and without a rule: Istio decides by itself. */
const sliced = (ns: string, name: string, ip: string) => [
  service(ns, name, { ports: [{ name: "tcp", port: 5432 }] }),
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${name}-ipv4`,
      namespace: ns,
      labels: { "kubernetes.io/service-name": name },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: "tcp", port: 5432 }],
  },
];

/** What no catalogue can say. */
const unsayable = [
  service("legacy-b", "no-ports", { type: "ExternalName", externalName: "n.legacy-b.example.com" }),
  named("legacy-b", "odd-port", [{ name: "web", port: 80 }]),
  ...addressed("legacy-b", "mutual", "192.0.2.66"),
].map((object) =>
  object.kind === "DestinationRule"
    ? { ...object, spec: { host: "mutual", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } } }
    : object,
);

/** Its name isn't the one that the catalogue writes. */
const besideIt = rule("legacy-a", "another-name", { host: fullName("legacy-a", "db"), ...plain });

/** Names of Services that aren't imported. */
export const LEFT_OUT = ["no-ports", "odd-port", "mutual"];

export const APPLIED: Manifest[] = [
  ...["a", "b", "c"].flatMap((name) => bare("legacy-a", name)),
  ...["d", "e"].flatMap((name) => ofTheTask("legacy-a", name)),
  ...["f", "g"].flatMap((name) => ofTheTask("legacy-b", name)),
  ...encrypting("legacy-a", "h"),
  ...encrypting("legacy-b", "i"),
  ...addressed("legacy-a", "wiki", "192.0.2.1"),
  ...addressed("legacy-b", "wiki", "192.0.2.2"),
  ...sliced("legacy-a", "db", "192.0.2.3"),
  ...sliced("legacy-b", "db", "192.0.2.4"),
  ...sliced("legacy-b", "cache", "192.0.2.5"),
  ...bare("legacy-b", "j"),
  besideIt,
  ...unsayable,
] as Manifest[];
