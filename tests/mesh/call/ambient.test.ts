import assert from "node:assert/strict";
import { aliasOfCall, judgeCall, readMesh, type KubeObject } from "../../../mesh/index.js";
import {
  E,
  E_HOST,
  endpoints,
  HTTPS,
  IM,
  rule,
  service,
  serviceEntry,
  tls,
  virtualService,
  W,
  W_HOST,
} from "../objects.js";
import { check, PASSTHROUGH } from "./rows.js";

const AMBIENT: KubeObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "shop", labels: { "istio.io/dataplane-mode": "ambient" } },
};
const CACHE = "cache.abc.example.net";
const USE = {
  "istio.io/use-waypoint": "out",
  "istio.io/use-waypoint-namespace": "istio-system",
};
const cache = (labels: Record<string, string> = USE, more: object = {}) =>
  serviceEntry(
    "shop",
    "cache",
    {
      hosts: [CACHE],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [{ number: 6379, name: "tcp-redis", protocol: "TCP" }],
      ...more,
    },
    { labels },
  );
const other = (labels: Record<string, string> = {}) =>
  serviceEntry(
    "shop",
    "other",
    {
      hosts: ["other.org"],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [{ number: 6380, name: "tcp-redis", protocol: "TCP" }],
    },
    { labels },
  );
const ALL = { namespaces: { from: "All" } };
const waypoint = (
  labels: Record<string, string> = {},
  allowedRoutes: object = ALL,
): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { namespace: "istio-system", name: "out", labels },
  spec: {
    gatewayClassName: "istio-waypoint",
    listeners: [{ name: "mesh", port: 15008, protocol: "HBONE", allowedRoutes }],
  },
});
const simple = rule("shop", "cache", {
  host: CACHE,
  trafficPolicy: {
    portLevelSettings: [{ port: { number: 6379 }, tls: { mode: "SIMPLE", sni: CACHE } }],
  },
});
const web = service(
  "shop",
  "web",
  { clusterIP: "10.96.0.9", ports: [{ name: "http", port: 6379 }] },
  { labels: USE },
);
const podIn = (labels: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: "shop", name: "p", labels },
});
const toCache = { address: CACHE, port: 6379, sends: "tcp" as const };
const via = (next: object) => [{ via: "waypoint", waypoint: "istio-system/out", next: [next] }];
const cluster = (tlsOfCluster: string, more = {}) => ({
  via: "cluster",
  cluster: `inbound-vip|6379|tcp|${CACHE}`,
  tls: tlsOfCluster,
  ...more,
});

/** A route that leads calls of the cache elsewhere. */
const toOther = (namespace: string) =>
  virtualService(namespace, "cache", {
    hosts: [CACHE],
    tcp: [{ route: [{ destination: { host: "other.org" } }] }],
  });

describe("what becomes of a call in ambient mode", () => {
  check([
    {
      it: "passes as it is, whatever a DestinationRule says",
      objects: [AMBIENT, ...W, rule("n", "w", { host: W_HOST, ...IM })],
      call: { host: "en.wikipedia.org" },
      outcomes: PASSTHROUGH,
    },
    {
      it: "is handed to the waypoint of what is called, which starts TLS",
      objects: [
        AMBIENT,
        cache(),
        waypoint(),
        rule("istio-system", "cache", { host: CACHE, ...tls({ mode: "SIMPLE", sni: CACHE }) }),
      ],
      call: toCache,
      outcomes: via(cluster("SIMPLE", { sni: CACHE })),
    },
    {
      it: "follows the rule beside the ServiceEntry at the waypoint",
      objects: [AMBIENT, cache(), waypoint(), simple],
      call: toCache,
      outcomes: via(cluster("SIMPLE", { sni: CACHE })),
    },
    {
      it: "leaves Istio's mutual TLS out at the waypoint",
      objects: [AMBIENT, cache(), waypoint(), rule("shop", "cache", { host: CACHE, ...IM })],
      call: toCache,
      outcomes: via(cluster("none")),
    },
    {
      it: "passes by a waypoint that is for workloads only",
      objects: [AMBIENT, cache(), waypoint({ "istio.io/waypoint-for": "workload" }), simple],
      call: toCache,
      outcomes: PASSTHROUGH,
    },
    {
      it: "passes where the ServiceEntry opts out of its namespace's waypoint",
      objects: [
        {
          ...AMBIENT,
          metadata: {
            name: "shop",
            labels: { "istio.io/dataplane-mode": "ambient", ...USE },
          },
        },
        cache({ "istio.io/use-waypoint": "none" }),
        waypoint(),
      ],
      call: toCache,
      outcomes: PASSTHROUGH,
    },
    {
      it: "isn't known without the waypoint's Gateway",
      objects: [AMBIENT, cache(), simple],
      call: toCache,
      outcomes: { undecided: "waypoint istio-system/out isn't among the objects" },
    },
    {
      it: "passes by a waypoint that admits services of its own namespace only",
      objects: [AMBIENT, cache(), waypoint({}, {}), simple],
      call: toCache,
      outcomes: PASSTHROUGH,
    },
    {
      it: "follows a route of its namespace at the waypoint, to another of its services",
      objects: [AMBIENT, cache(), other(USE), waypoint(), simple, toOther("shop")],
      call: toCache,
      outcomes: via({ via: "cluster", cluster: "inbound-vip|6380|tcp|other.org", tls: "none" }),
    },
    {
      it: "follows it out of the waypoint as any client would, to what is nobody's there",
      objects: [
        AMBIENT,
        cache(),
        other(),
        waypoint(),
        rule("shop", "other", { host: "other.org", ...tls({ mode: "SIMPLE" }) }),
        toOther("shop"),
      ],
      call: toCache,
      outcomes: via({ via: "cluster", cluster: "outbound|6380||other.org", tls: "SIMPLE" }),
    },
    {
      it: "follows no route of a third namespace at the waypoint",
      objects: [AMBIENT, cache(), other(USE), waypoint(), simple, toOther("n")],
      call: toCache,
      outcomes: via(cluster("SIMPLE", { sni: CACHE })),
    },
    {
      it: "isn't known where routes hold at a waypoint of an older Istio",
      objects: [
        AMBIENT,
        cache(),
        waypoint(),
        virtualService("shop", "cache", {
          hosts: [CACHE],
          tcp: [{ route: [{ destination: { host: CACHE } }] }],
        }),
      ],
      facts: { istioVersion: "1.28" },
      call: toCache,
      outcomes: {
        undecided:
          "VirtualService shop/cache routes it at a waypoint, which is followed from Istio 1.30 only",
      },
    },
    {
      it: "passes by the waypoint of a ServiceEntry that has no address to be known by",
      objects: [
        AMBIENT,
        waypoint(),
        simple,
        cache({ ...USE, "networking.istio.io/enable-autoallocate-ip": "false" }),
      ],
      call: toCache,
      outcomes: PASSTHROUGH,
    },
    {
      it: "passes by the waypoint of a ServiceEntry without resolution, which gets no address",
      objects: [
        AMBIENT,
        waypoint(),
        serviceEntry(
          "shop",
          "cache",
          {
            hosts: [CACHE],
            location: "MESH_EXTERNAL",
            ports: [{ number: 6379, name: "tcp-redis", protocol: "TCP" }],
          },
          { labels: USE },
        ),
      ],
      call: toCache,
      outcomes: PASSTHROUGH,
    },
    {
      it: "passes by the waypoint of a headless Service, whose name leads to its endpoints",
      objects: [
        AMBIENT,
        waypoint(),
        service("n", "w", { clusterIP: "None", ports: [HTTPS] }, { labels: USE }),
        endpoints("n", "w"),
      ],
      call: { host: "en.wikipedia.org" },
      outcomes: PASSTHROUGH,
    },
    {
      it: "follows no rule at a waypoint that may not see the ServiceEntry",
      objects: [AMBIENT, waypoint(), simple, cache({ ...USE }, { exportTo: ["."] })],
      call: toCache,
      outcomes: via(cluster("none")),
    },
    {
      it: "waits at a waypoint where another service has HTTP on the port, and the server speaks first",
      objects: [AMBIENT, waypoint(), cache(), web],
      call: { ...toCache, sends: "server-first" },
      outcomes: via({ via: "waits" }),
    },
    {
      it: "doesn't wait for what has the port for itself",
      objects: [AMBIENT, waypoint(), cache()],
      call: { ...toCache, sends: "server-first" },
      outcomes: via(cluster("none")),
    },
    {
      it: "waits at a waypoint that takes calls to Pods, whatever the port",
      objects: [AMBIENT, waypoint({ "istio.io/waypoint-for": "all" }), cache(), podIn(USE)],
      call: { ...toCache, sends: "server-first" },
      outcomes: via({ via: "waits" }),
    },
    {
      it: "looks an ExternalName up outside",
      objects: [AMBIENT, ...E],
      call: { address: E_HOST, port: 80, sends: "http" },
      outcomes: PASSTHROUGH,
    },
    {
      it: "is a sidecar's for a Pod that asks for one",
      objects: [
        AMBIENT,
        ...W,
        rule("n", "w", { host: W_HOST, ...IM }),
        podIn({ "sidecar.istio.io/inject": "true" }),
      ],
      call: {},
      outcomes: [{ via: "cluster", cluster: `outbound|443||${W_HOST}`, tls: "ISTIO_MUTUAL" }],
    },
  ]);

  it("is in clear where SIMPLE is meant and nothing follows the rule", () => {
    const mesh = readMesh([AMBIENT, cache({}), simple]);
    const call = { client: { namespace: "shop" }, ...toCache };
    const { answer, reason } = judgeCall(mesh, call, aliasOfCall(mesh, call));
    assert.deepEqual(
      [answer, reason],
      ["in-clear", "ztunnel follows no DestinationRule, and no waypoint takes it"],
    );
  });
});
