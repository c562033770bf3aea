import type { KubeObject } from "../../../mesh/index.js";

/** An ExternalName whose rule starts TLS in the sidecar: a cluster up to Istio 1.20, an alias from 1.21. */
export const PARTNER: KubeObject[] = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "api", namespace: "shop" },
    spec: {
      type: "ExternalName",
      externalName: "api.partner.example",
      ports: [{ name: "http", port: 80 }],
    },
  },
  {
    apiVersion: "networking.istio.io/v1beta1",
    kind: "DestinationRule",
    metadata: { name: "api", namespace: "shop" },
    spec: {
      host: "api.shop.svc.cluster.local",
      trafficPolicy: { tls: { mode: "SIMPLE", sni: "api.partner.example" } },
    },
  },
];

const rule = (name: string, created: string, spec: object): KubeObject => ({
  apiVersion: "networking.istio.io/v1beta1",
  kind: "DestinationRule",
  metadata: { name, namespace: "shop", creationTimestamp: created },
  spec: { host: "db", ...spec },
});

/** A database outside, by its address. */
const DATABASE: KubeObject[] = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "db", namespace: "shop" },
    spec: { ports: [{ name: "tls", port: 443 }] },
  },
  {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "db", namespace: "shop" },
    subsets: [{ addresses: [{ ip: "198.51.100.7" }], ports: [{ name: "tls", port: 443 }] }],
  },
];

/** Two rules of one host, the younger one for its own namespace: merged up to 1.23, apart from 1.24. */
export const TWO_EXPORTS: KubeObject[] = [
  ...DATABASE,
  rule("db", "2024-01-01T00:00:00Z", { trafficPolicy: { tls: { mode: "DISABLE" } } }),
  rule("db-private", "2024-01-02T00:00:00Z", {
    exportTo: ["."],
    trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
  }),
];

/** A ServiceEntry of the same host in another namespace: from 1.24 that namespace is given it. */
export const OWN_ENTRY: KubeObject[] = [
  ...DATABASE,
  {
    apiVersion: "networking.istio.io/v1beta1",
    kind: "ServiceEntry",
    metadata: { name: "db", namespace: "web", creationTimestamp: "2024-01-03T00:00:00Z" },
    spec: {
      hosts: ["db.shop.svc.cluster.local"],
      location: "MESH_EXTERNAL",
      resolution: "STATIC",
      endpoints: [{ address: "198.51.100.8" }],
      ports: [{ name: "tls", number: 443, protocol: "TLS" }],
    },
  },
];

/** A Sidecar that takes the database's host away, which counts from 1.31. */
export const EXCLUSION: KubeObject[] = [
  ...DATABASE,
  rule("db", "2024-01-01T00:00:00Z", {
    trafficPolicy: { tls: { mode: "SIMPLE", sni: "db.example" } },
  }),
  {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name: "default", namespace: "shop", creationTimestamp: "2024-01-03T00:00:00Z" },
    spec: { egress: [{ hosts: ["./*", "~/db.shop.svc.cluster.local"] }] },
  },
];

/** TLS of the sidecar's own that names no authorities: checked from 1.21. */
export const UNCHECKED: KubeObject[] = [
  ...DATABASE,
  rule("db", "2024-01-01T00:00:00Z", {
    trafficPolicy: { tls: { mode: "SIMPLE", sni: "db.example" } },
  }),
];
