import assert from "node:assert/strict";
import { judgeCalls, readMesh, type KubeObject } from "../../../mesh/index.js";
import { IM, rule, service, serviceEntry, tls, virtualService } from "../objects.js";

/** What people report of calls to services outside, each with the answers for all of its calls. */
interface Report {
  it: string;
  objects: KubeObject[];
  /** `client scheme host:port answer`, in any order. */
  answers: string[];
}

const namespace = (name: string, labels = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});
const outside = (of: string, name: string, host: string, ports: object[], meta = {}) =>
  serviceEntry(
    of,
    name,
    { hosts: [host], location: "MESH_EXTERNAL", resolution: "DNS", ports },
    meta,
  );
const EGRESS = "egress.istio-system.svc.cluster.local";
const egress = (port: object) =>
  service("istio-system", "egress", {
    selector: { istio: "egress" },
    clusterIP: "10.96.0.20",
    ports: [port],
  });
const gateway = (server: object): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { namespace: "config", name: "out" },
  spec: { selector: { istio: "egress" }, servers: [server] },
});
const WAYPOINT = {
  "istio.io/use-waypoint": "out",
  "istio.io/use-waypoint-namespace": "istio-system",
};
const ambient = (policy: { trafficPolicy: object }, from = "All"): KubeObject[] => [
  namespace("shop", { "istio.io/dataplane-mode": "ambient" }),
  outside("shop", "cache", "cache.org", [{ number: 6379, name: "tcp-redis", protocol: "TCP" }], {
    labels: WAYPOINT,
  }),
  rule("shop", "cache", { host: "cache.org", ...policy }),
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { namespace: "istio-system", name: "out" },
    spec: {
      gatewayClassName: "istio-waypoint",
      listeners: [
        { name: "mesh", port: 15008, protocol: "HBONE", allowedRoutes: { namespaces: { from } } },
      ],
    },
  },
];
const TCP = { number: 5432, name: "tcp", protocol: "TCP" };

const REPORTS: Report[] = [
  {
    it: "a subset of the egress gateway that is declared in a namespace no client looks at",
    objects: [
      namespace("shop"),
      outside("config", "agent", "agent.org", [{ number: 2222, name: "tcp", protocol: "TCP" }]),
      egress({ name: "tcp", port: 2222 }),
      gateway({
        port: { number: 2222, name: "tls", protocol: "TLS" },
        hosts: ["agent.org"],
        tls: { mode: "ISTIO_MUTUAL" },
      }),
      rule("config", "to-gateway", {
        host: EGRESS,
        subsets: [{ name: "agent", ...tls({ mode: "ISTIO_MUTUAL", sni: "agent.org" }) }],
      }),
      virtualService("config", "agent", {
        hosts: ["agent.org"],
        gateways: ["mesh", "config/out"],
        tcp: [
          {
            match: [{ gateways: ["mesh"], port: 2222 }],
            route: [{ destination: { host: EGRESS, subset: "agent", port: { number: 2222 } } }],
          },
          {
            match: [{ gateways: ["config/out"], port: 2222 }],
            route: [{ destination: { host: "agent.org", port: { number: 2222 } } }],
          },
        ],
      }),
    ],
    answers: ["shop tcp agent.org:2222 fails", "gateway tcp agent.org:2222 as-declared"],
  },
  {
    it: "TLS that a waypoint starts for a client in ambient mode",
    objects: ambient(tls({ mode: "SIMPLE", sni: "cache.org" })),
    answers: ["shop tcp cache.org:6379 as-declared"],
  },
  {
    it: "TLS that nobody starts, because the waypoint admits no other namespace",
    objects: ambient(tls({ mode: "SIMPLE", sni: "cache.org" }), "Same"),
    answers: ["shop tcp cache.org:6379 in-clear"],
  },
  {
    it: "Istio's mutual TLS, which a waypoint leaves out",
    objects: ambient(IM),
    answers: ["shop tcp cache.org:6379 as-declared"],
  },
  {
    it: "two databases on one TCP port, whose listener leads to the older one",
    objects: [
      namespace("shop"),
      outside("a", "pg-a", "pg-a.rds.org", [TCP], { created: 1 }),
      outside("b", "pg-b", "pg-b.rds.org.", [TCP], { created: 2 }),
      rule("istio-system", "rds", { host: "*.rds.org", ...IM }),
    ],
    answers: [
      "shop tcp pg-a.rds.org:5432 istio-mutual-outside",
      "shop tcp pg-b.rds.org.:5432 istio-mutual-outside",
    ],
  },
  {
    it: "a gateway's route to an ExternalName that holds an address",
    objects: [
      namespace("shop"),
      service("istio-system", "wg", {
        type: "ExternalName",
        externalName: "192.0.2.2",
        ports: [{ name: "http", port: 8080 }],
      }),
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { namespace: "istio-system", name: "wg" },
        spec: {
          parentRefs: [{ name: "default" }],
          hostnames: ["example.test"],
          rules: [{ backendRefs: [{ name: "wg", port: 8080 }] }],
        },
      },
    ],
    answers: [
      "shop http wg.istio-system.svc.cluster.local:8080 as-declared",
      "gateway http wg.istio-system.svc.cluster.local:8080 fails",
    ],
  },
  {
    it: "SIMPLE on a port named https, and on the port that a setting means",
    objects: [
      namespace("shop"),
      outside("shop", "h", "h.org", [
        { number: 80, name: "http", protocol: "HTTP" },
        { number: 443, name: "https", protocol: "HTTPS" },
      ]),
      rule("shop", "h", { host: "h.org", ...tls({ mode: "SIMPLE", sni: "h.org" }) }),
    ],
    answers: ["shop http h.org:80 as-declared", "shop tls h.org:443 tls-in-tls"],
  },
  {
    it: "a port that excludeOutboundPorts keeps from the sidecar",
    objects: [
      outside("shop", "h", "h.org", [{ number: 80, name: "http", protocol: "HTTP" }]),
      rule("shop", "h", { host: "h.org", ...tls({ mode: "SIMPLE", sni: "h.org" }) }),
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          namespace: "shop",
          name: "web",
          annotations: { "traffic.sidecar.istio.io/excludeOutboundPorts": "80" },
        },
      },
    ],
    answers: ["shop http h.org:80 in-clear"],
  },
  {
    it: "mail on a port without a protocol, where the server speaks first",
    objects: [
      namespace("shop"),
      outside("shop", "mail", "mail.org", [{ number: 587, name: "mail" }]),
    ],
    answers: ["shop server-first mail.org:587 fails"],
  },
];

describe("what is reported of calls to services outside", () => {
  for (const { it: story, objects, answers } of REPORTS) {
    it(story, () => {
      const told = judgeCalls(readMesh(objects), [{ namespace: "shop" }]).map(
        ({ call, answer, clients }) =>
          `${clients.length > 0 ? "shop" : "gateway"} ${call.sends} ${call.address}:${call.port} ${answer}`,
      );
      assert.deepEqual(told.sort(), [...answers].sort());
    });
  }
});
