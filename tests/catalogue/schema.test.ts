import assert from "node:assert/strict";
import { httpbin, mistakes, originating, wikipedia } from "./examples.js";

const ALIASES: [what: string, alias: object, key: string, message: string][] = [
  [
    "an unknown key",
    { ...httpbin, externlName: "x" },
    "externlName",
    "unknown key; write externalName",
  ],
  [
    "a key that resembles none",
    { ...httpbin, ports: [{ name: "http", port: 80, zone: 1 }] },
    "ports[0].zone",
    "unknown key; write one of name, port, targetPort, protocol",
  ],
  [
    "no address at all",
    { ...wikipedia, addresses: [] },
    "addresses",
    "is empty; write at least one address",
  ],
  [
    "addresses of a URL",
    { ...wikipedia, resolves: "https://en.wikipedia.org/wiki" },
    "resolves",
    '"https://en.wikipedia.org/wiki" is a URL; write the host alone: en.wikipedia.org',
  ],
  [
    "another API for addresses",
    { ...wikipedia, endpointsApi: "endpoints" },
    "endpointsApi",
    'is "endpoints"; write Endpoints or EndpointSlice',
  ],
  [
    "no ports",
    { ...httpbin, ports: [] },
    "ports",
    "is empty; write at least one port, such as { name: http, port: 80 }",
  ],
  [
    "a port out of range",
    { ...httpbin, ports: [{ name: "http", port: 70000 }] },
    "ports[0].port",
    "is 70000; write a whole number from 1 to 65535",
  ],
  [
    "port 0",
    { ...httpbin, ports: [{ name: "http", port: 0 }] },
    "ports[0].port",
    "is 0; write a whole number from 1 to 65535",
  ],
  [
    "a port in quotes",
    { ...httpbin, ports: [{ name: "http", port: "80" }] },
    "ports[0].port",
    'is "80"; write a whole number from 1 to 65535',
  ],
  [
    "half a port",
    { ...wikipedia, ports: [{ name: "tls", port: 443, targetPort: 80.5 }] },
    "ports[0].targetPort",
    "is 80.5; write a whole number from 1 to 65535",
  ],
  [
    "a port without name",
    { ...httpbin, ports: [{ port: 80 }] },
    "ports[0].name",
    "missing; write a name that begins with the protocol, such as http",
  ],
  [
    "a port named for no protocol",
    { ...wikipedia, ports: [{ name: "postgres", port: 5432 }] },
    "ports[0].name",
    `"postgres" doesn't begin with a protocol, so Istio would guess; write tcp-postgres, ` +
      "or begin with one of http, http2, https, tls, tcp, grpc, grpc-web, mongo, redis, mysql, udp",
  ],
  [
    "no TLS intent",
    { ...httpbin, tls: undefined },
    "tls",
    "missing; write { mode: ... } with DISABLE (sent as it comes), " +
      "SIMPLE (the sidecar encrypts) or MUTUAL (it shows a certificate of yours too)",
  ],
  [
    "the mesh's own TLS",
    { ...httpbin, tls: { mode: "ISTIO_MUTUAL" } },
    "tls.mode",
    "ISTIO_MUTUAL is the mesh's own TLS, which no server outside can speak; write " +
      "DISABLE (sent as it comes), SIMPLE (the sidecar encrypts) or " +
      "MUTUAL (it shows a certificate of yours too)",
  ],
  [
    "a mode in lower case",
    { ...httpbin, tls: { mode: "disable" } },
    "tls.mode",
    'is "disable"; write DISABLE (sent as it comes), ' +
      "SIMPLE (the sidecar encrypts) or MUTUAL (it shows a certificate of yours too)",
  ],
  [
    "a server's name with DISABLE",
    { ...httpbin, tls: { mode: "DISABLE", sni: "httpbin.org" } },
    "tls.sni",
    "is for SIMPLE; write mode: SIMPLE, or leave it out",
  ],
  [
    "a client certificate with SIMPLE",
    { ...originating, tls: { mode: "SIMPLE", clientCertificate: "/c/tls.crt" } },
    "tls.clientCertificate",
    "is for MUTUAL; write mode: MUTUAL, or leave it out",
  ],
  [
    "no name on the certificate",
    { ...originating, tls: { mode: "SIMPLE", subjectAltNames: [] } },
    "tls.subjectAltNames",
    "is empty, and any certificate would do; write a name, or leave it out",
  ],
  [
    "a Secret for everybody",
    { ...originating, tls: { mode: "SIMPLE", credentialName: "c", workloadSelector: {} } },
    "tls.workloadSelector",
    "is empty; write labels, such as { app: sleep }",
  ],
  [
    "a key itself in place of its path",
    {
      ...originating,
      tls: { mode: "MUTUAL", clientCertificate: "/c/tls.crt", privateKey: "-----BEGIN KEY" },
    },
    "tls.privateKey",
    "isn't an absolute path; write where the file is in the sidecar, never what is in it",
  ],
  [
    "a rule for nobody",
    { ...httpbin, exportTo: ["~"] },
    "exportTo[0]",
    '"~" is for nobody, which a rule can\'t be; write "." for the alias\'s own namespace',
  ],
  [
    "a request that is no URL",
    { ...httpbin, request: "my-httpbin/headers" },
    "request",
    'is "my-httpbin/headers"; write a URL that a client can call',
  ],
  [
    "a Service name that starts with a digit",
    { ...httpbin, name: "2nd" },
    "name",
    "\"2nd\" starts with a digit, which a Service's name can't; write svc-2nd",
  ],
  [
    "a name with capitals",
    { ...httpbin, name: "My_Httpbin" },
    "name",
    '"My_Httpbin" isn\'t a DNS label; write my-httpbin',
  ],
  [
    "a long name",
    { ...httpbin, name: "a".repeat(64) },
    "name",
    "has 64 characters; write 63 or fewer",
  ],
  [
    "no name",
    { ...httpbin, name: "" },
    "name",
    "is empty; write the alias's name, such as my-httpbin",
  ],
];

const OTHERS: [what: string, catalogue: object, key: string, message: string][] = [
  ["an unknown section", { aliasses: [] }, "aliasses", "unknown key; write aliases"],
  [
    "an Istio version that YAML reads as a number",
    { mesh: { istioVersion: 1.3 } },
    "mesh.istioVersion",
    'is 1.3; write the version in quotes, such as "1.30" (YAML reads a bare 1.30 as 1.3)',
  ],
  [
    "no version",
    { mesh: { istioVersion: "latest" } },
    "mesh.istioVersion",
    '"latest" isn\'t a version of Istio; write one such as "1.31"',
  ],
  [
    "a typo in the version",
    { mesh: { istioVersion: "1.13" } },
    "mesh.istioVersion",
    "Istio 1.13 is too old for what is made here; write the mesh's version, 1.20 or newer",
  ],
  [
    "an outside host with capitals",
    { mesh: { externalHosts: ["Example.com"] } },
    "mesh.externalHosts[0]",
    '"Example.com" isn\'t a host; write it in lower case, exact or as *.suffix',
  ],
  [
    "a domain that is none",
    { mesh: { clusterDomain: "cluster.local." } },
    "mesh.clusterDomain",
    '"cluster.local." isn\'t a domain, because of ""; write one such as cluster.local',
  ],
  [
    "a range that is none",
    { mesh: { clusterCidrs: ["10.0.0.0"] } },
    "mesh.clusterCidrs[0]",
    '"10.0.0.0" isn\'t a range; write 10.0.0.0/8',
  ],
  [
    "a client of unknown side",
    { clients: [{ namespace: "default" }] },
    "clients[0].injected",
    "missing; write true (its Pods get a sidecar) or false",
  ],
];

describe("a key with a mistake is reported in one line that says what to write:", () => {
  for (const [what, alias, key, message] of ALIASES) {
    it(what, () => {
      const at = ["aliases[0]", key].filter(Boolean).join(".");
      assert.deepEqual(mistakes({ aliases: [alias] }), [[at, message]]);
    });
  }
  for (const [what, catalogue, key, message] of OTHERS) {
    it(what, () => assert.deepEqual(mistakes(catalogue), [[key, message]]));
  }
});
