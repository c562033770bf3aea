import {
  E,
  E_HOST,
  endpoints,
  HTTPS,
  IM,
  namespaces,
  OFF,
  rule,
  service,
  serviceEntry,
  sidecar,
  W,
  W_HOST,
} from "../objects.js";

import { check, cluster, outside, PASSTHROUGH, SE_HTTP, SE_HTTPS, SE_TCP } from "./rows.js";

describe("what a sidecar does with a call: the task's own requests", () => {
  check([
    {
      it: "takes a Service with declared addresses to its cluster, which adds nothing",
      objects: [...W, rule("n", "w", { host: W_HOST, ...OFF })],
      call: { host: "en.wikipedia.org" },
      outcomes: cluster(`outbound|443||${W_HOST}`),
    },
    {
      it: "lets an ExternalName pass as it was sent, whatever its rule says",
      objects: [...E, rule("n", "e", { host: E_HOST, ...IM })],
      call: { address: E_HOST, port: 80, sends: "http" },
      outcomes: PASSTHROUGH,
    },
    {
      it: "sends Istio's mutual TLS where a rule says so",
      objects: [...W, rule("n", "w", { host: W_HOST, ...IM })],
      call: { host: "en.wikipedia.org" },
      outcomes: cluster(`outbound|443||${W_HOST}`, "ISTIO_MUTUAL"),
    },
    {
      it: "takes no call of a client without sidecar",
      objects: [...W, rule("n", "w", { host: W_HOST, ...IM })],
      call: { client: { namespace: "without-istio", dataplane: "none" } },
      outcomes: [{ via: "direct" }],
    },
    {
      it: "refuses an unknown target under REGISTRY_ONLY",
      objects: [...E, ...namespaces("shop")],
      facts: { outboundTrafficPolicy: "REGISTRY_ONLY" },
      call: { address: E_HOST, port: 80, sends: "http" },
      outcomes: [{ via: "blackhole" }],
    },
  ]);
});

describe("what a sidecar does with a call: names", () => {
  const target = [outside("n", "h", "h.org", [SE_HTTP, SE_HTTPS]), ...E];
  check([
    {
      it: "knows an ExternalName as another name of its target",
      objects: target,
      call: { address: E_HOST, port: 80, sends: "http" },
      outcomes: cluster("outbound|80||h.org"),
    },
    {
      it: "knows it in short from its own namespace",
      objects: target,
      call: { client: { namespace: "n" }, address: "e", port: 80, sends: "http" },
      outcomes: cluster("outbound|80||h.org"),
    },
    {
      it: "finds the target by the server name of TLS",
      objects: target,
      call: { address: "h.org", host: "h.org" },
      outcomes: cluster("outbound|443||h.org"),
    },
    {
      it: "lets another server name on the same port pass",
      objects: target,
      call: { address: "203.0.113.9", host: "other.org" },
      outcomes: PASSTHROUGH,
    },
    {
      it: "routes by the Host header, not by the address",
      objects: [...target, ...namespaces("shop")],
      call: { address: "203.0.113.9", port: 80, sends: "http", host: "h.org" },
      outcomes: cluster("outbound|80||h.org"),
    },
    {
      it: "finds a wildcard host",
      objects: [outside("n", "any", "*.h.org", [SE_HTTPS, SE_HTTP], { resolution: "NONE" })],
      call: { address: "203.0.113.9", host: "a.b.h.org" },
      outcomes: cluster("outbound|443||*.h.org"),
    },
  ]);
});

describe("what a sidecar does with a call: listeners", () => {
  const pg = (namespace: string, name: string, created: number, more = {}) =>
    serviceEntry(
      namespace,
      name,
      {
        hosts: [`${name}.rds.example.com`],
        location: "MESH_EXTERNAL",
        resolution: "DNS",
        ports: [SE_TCP],
        ...more,
      },
      { created },
    );
  const databases = [
    pg("a", "pg-a", 1),
    pg("b", "pg-b", 2),
    rule("istio-system", "rds", { host: "*.rds.example.com", ...IM }),
  ];
  check([
    {
      it: "takes two databases on one TCP port to the older one's cluster",
      objects: databases,
      call: { address: "pg-b.rds.example.com", port: 5432, sends: "tcp" },
      outcomes: cluster("outbound|5432||pg-a.rds.example.com", "ISTIO_MUTUAL"),
    },
    {
      it: "tells them apart by their addresses",
      objects: [
        pg("a", "pg-a", 1, { addresses: ["192.0.2.1"] }),
        pg("b", "pg-b", 2, { addresses: ["192.0.2.2"] }),
      ],
      call: { address: "pg-b.rds.example.com", port: 5432, sends: "tcp" },
      outcomes: cluster("outbound|5432||pg-b.rds.example.com"),
    },
    {
      it: "tells them apart where sidecars answer DNS",
      objects: databases,
      facts: { dnsCapture: true },
      call: { address: "pg-b.rds.example.com", port: 5432, sends: "tcp" },
      outcomes: cluster("outbound|5432||pg-b.rds.example.com", "ISTIO_MUTUAL"),
    },
    {
      it: "gives a wildcard no address where sidecars answer DNS",
      objects: [
        pg("a", "*", 1, { resolution: "STATIC", endpoints: [{ address: "192.0.2.1" }] }),
        pg("b", "pg-b", 2),
      ],
      facts: { dnsCapture: true },
      call: { address: "pg-c.rds.example.com", port: 5432, sends: "tcp" },
      outcomes: cluster("outbound|5432||*.rds.example.com"),
    },
    {
      it: "takes an address within a declared range",
      objects: [
        pg("a", "pg-a", 1, { addresses: ["192.0.2.0/24"], resolution: "NONE" }),
        pg("b", "pg-b", 2, { addresses: ["198.51.100.0/24"], resolution: "NONE" }),
      ],
      call: { address: "198.51.100.7", port: 5432, sends: "tcp" },
      outcomes: cluster("outbound|5432||pg-b.rds.example.com"),
    },
    {
      it: "lets what isn't HTTP pass on a port of HTTP",
      objects: [outside("n", "h", "h.org", [SE_HTTP])],
      call: { address: "203.0.113.9", port: 80, sends: "tls", host: "h.org" },
      outcomes: PASSTHROUGH,
    },
    {
      it: "detects HTTP on a port of no known protocol, and routes it by its own service alone",
      objects: [service("n", "w", { ports: [{ name: "web", port: 8000 }] })],
      call: { address: W_HOST, port: 8000, sends: "http", host: "anything.example" },
      outcomes: cluster(`outbound|8000||${W_HOST}`),
    },
    {
      it: "follows a headless Service to its endpoints",
      objects: [service("n", "w", { clusterIP: "None", ports: [HTTPS] }), endpoints("n", "w")],
      call: { host: "anything.example" },
      outcomes: cluster(`outbound|443||${W_HOST}`),
    },
    {
      it: "gives a port to the listener of a Sidecar that names it",
      objects: [
        ...databases,
        sidecar("shop", "one", {
          egress: [
            { port: { number: 5432, protocol: "TCP", name: "tcp" }, hosts: ["b/*"] },
            { hosts: ["*/*"] },
          ],
        }),
      ],
      call: { address: "pg-a.rds.example.com", port: 5432, sends: "tcp" },
      outcomes: cluster("outbound|5432||pg-b.rds.example.com", "ISTIO_MUTUAL"),
    },
  ]);
});
