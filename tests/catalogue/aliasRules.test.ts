import assert from "node:assert/strict";
import { httpbin, mistakes, originating, wikipedia } from "./examples.js";

const ALIASES: [what: string, alias: object, key: string, message: string][] = [
  [
    "no target",
    { ...httpbin, externalName: undefined },
    "",
    "stands for nothing; write externalName (a DNS name) or addresses (a list)",
  ],
  [
    "two targets",
    { ...httpbin, addresses: ["192.0.2.1"] },
    "addresses",
    "stands beside externalName; write one of the two",
  ],
  [
    "an address twice",
    { ...wikipedia, addresses: ["192.0.2.1", "192.0.2.1"] },
    "addresses[1]",
    '"192.0.2.1" is addresses[0] already; remove one',
  ],
  [
    "more addresses than Kubernetes takes",
    {
      ...wikipedia,
      addresses: Array.from({ length: 1001 }, (_, i) => `198.18.${i >> 8}.${i & 255}`),
    },
    "addresses",
    "has 1001 addresses; write 1000 or fewer",
  ],
  [
    "Endpoints for a name",
    { ...httpbin, endpointsApi: "EndpointSlice" },
    "endpointsApi",
    "is for addresses, and an externalName has none; leave it out",
  ],
  [
    "a name inside the cluster",
    { ...httpbin, externalName: "web.default.svc.cluster.local" },
    "externalName",
    '"web.default.svc.cluster.local" is inside the cluster; write a host outside',
  ],
  [
    "a name for what is a name already",
    { ...httpbin, resolves: "httpbin.org" },
    "resolves",
    "is for addresses, and an externalName has none; leave it out",
  ],
  [
    "addresses of a name inside the cluster",
    { ...wikipedia, resolves: "web.default.svc.cluster.local" },
    "resolves",
    '"web.default.svc.cluster.local" is inside the cluster; write a host outside',
  ],
  [
    "a port's name twice",
    {
      ...wikipedia,
      ports: [
        { name: "tls", port: 443 },
        { name: "tls", port: 8443 },
      ],
    },
    "ports[1].name",
    '"tls" names another port already; write another name',
  ],
  [
    "a port twice",
    {
      ...wikipedia,
      ports: [
        { name: "tls", port: 443 },
        { name: "https", port: 443 },
      ],
    },
    "ports[1].port",
    "443 stands here twice; write one entry for it",
  ],
  [
    "a protocol that the name contradicts",
    { ...wikipedia, ports: [{ name: "tls", port: 443, protocol: "UDP" }] },
    "ports[0].protocol",
    'UDP contradicts the name "tls"; write TCP, or another name',
  ],
  [
    "raw TCP by name alone",
    { ...httpbin, ports: [{ name: "tcp", port: 5432 }] },
    "ports[0].name",
    '"tcp": an externalName has no address of its own, so Istio 1.31 would take all traffic to ' +
      "this port for it; write addresses, or a port named http, http2, grpc, grpc-web, https, tls",
  ],
  [
    "TLS in TLS",
    { ...wikipedia, tls: { mode: "SIMPLE", sni: "en.wikipedia.org" } },
    "tls.mode",
    "SIMPLE would wrap TLS in TLS: the workload encrypts on a port named tls or https; " +
      "write DISABLE, or name the port http and let the sidecar encrypt",
  ],
  [
    "TLS to port 80",
    { ...httpbin, tls: { mode: "SIMPLE" } },
    "ports[0]",
    "SIMPLE would speak TLS to port 80; write targetPort: 443, or where it listens",
  ],
  [
    "addresses whose server has no name",
    { ...wikipedia, ports: [{ name: "http", port: 8080 }], tls: { mode: "SIMPLE" } },
    "tls.sni",
    "missing; write the server's name, which the addresses don't give",
  ],
  [
    "MUTUAL without its key",
    { ...originating, tls: { mode: "MUTUAL", clientCertificate: "/c/tls.crt" } },
    "tls.privateKey",
    "missing for MUTUAL; write its path in the sidecar, or credentialName with a workloadSelector",
  ],
  [
    "a Secret that no sidecar would read",
    { ...originating, tls: { mode: "SIMPLE", credentialName: "client" } },
    "tls.workloadSelector",
    "missing, and without it a sidecar ignores credentialName and sends plain text; " +
      "write it, or file paths instead",
  ],
  [
    "a selector for nothing",
    { ...originating, tls: { mode: "SIMPLE", workloadSelector: { app: "sleep" } } },
    "tls.credentialName",
    "missing, which is what a workloadSelector is for; write it, or file paths instead",
  ],
  [
    "a Secret beside files",
    {
      ...originating,
      tls: {
        mode: "SIMPLE",
        credentialName: "client",
        workloadSelector: { app: "sleep" },
        caCertificates: "/c/ca.crt",
      },
    },
    "tls.caCertificates",
    "stands beside credentialName; write one of the two",
  ],
  [
    "a selector that would have to leave its namespace",
    {
      ...originating,
      tls: { mode: "SIMPLE", credentialName: "client", workloadSelector: { app: "sleep" } },
      exportTo: ["*"],
    },
    "exportTo",
    'a rule with a workloadSelector stays in its namespace; write ["."], or leave it out',
  ],
  [
    "everybody and somebody",
    { ...httpbin, exportTo: ["*", "payments"] },
    "exportTo",
    '"*" is every namespace already; write it alone',
  ],
  [
    "a namespace twice",
    { ...httpbin, exportTo: ["payments", "payments"] },
    "exportTo[1]",
    '"payments" stands here twice; remove one',
  ],
  [
    "its own namespace twice, by name and as a dot",
    { ...httpbin, namespace: "payments", exportTo: [".", "payments"] },
    "exportTo[1]",
    '"payments" is ".", which stands here already; remove one',
  ],
];

describe("keys of an alias that contradict each other are reported in one line that says what to write:", () => {
  for (const [what, alias, key, message] of ALIASES) {
    it(what, () => {
      const at = ["aliases[0]", key].filter(Boolean).join(".");
      assert.deepEqual(mistakes({ aliases: [alias] }), [[at, message]]);
    });
  }
});
