import assert from "node:assert/strict";
import { httpbin, mistakes, originating, wikipedia } from "./examples.js";

const CATALOGUES: [what: string, catalogue: object, key: string, message: string][] = [
  [
    "a switch that this Istio doesn't have",
    { mesh: { istioVersion: "1.24", externalNameAlias: false } },
    "mesh.externalNameAlias",
    "Istio 1.24 has no such switch; leave it out",
  ],
  [
    "an address of the cluster's own",
    {
      mesh: { clusterCidrs: ["10.0.0.0/8"] },
      aliases: [{ ...wikipedia, addresses: ["10.1.2.3"] }],
    },
    "aliases[0].addresses[0]",
    '"10.1.2.3" is inside the cluster (10.0.0.0/8); write an address outside',
  ],
  [
    "two clients in a namespace",
    {
      clients: [
        { namespace: "default", injected: true },
        { namespace: "default", injected: true, name: "curl" },
      ],
    },
    "clients[1].namespace",
    "default has a client already, clients[0]; write another namespace, or remove one",
  ],
  [
    "a namespace that is always there",
    { clients: [{ namespace: "default", injected: true, createNamespace: true }] },
    "clients[0].createNamespace",
    "namespace default is there in every cluster; write false, or leave it out",
  ],
  [
    "an opt-out where there is nothing to opt out of",
    { clients: [{ namespace: "default", injected: true, optOutLabel: true }] },
    "clients[0].optOutLabel",
    "is for a namespace that is made here and not injected; leave it out",
  ],
  [
    "a data plane that isn't what the flag says",
    { clients: [{ namespace: "default", injected: true, dataplane: "ambient" }] },
    "clients[0].dataplane",
    "is ambient, and injected is true; leave injected out",
  ],
  [
    "an alias twice",
    { aliases: [wikipedia, { ...wikipedia, addresses: ["192.0.2.1"] }] },
    "aliases[1].name",
    "default/my-wikipedia is aliases[0] already; write another name, or remove one",
  ],
  [
    "an alias in a client's place",
    {
      clients: [{ namespace: "default", injected: true }],
      aliases: [{ ...wikipedia, name: "sleep" }],
    },
    "aliases[0].name",
    "default/sleep is the Service of clients[0]; write another name",
  ],
  [
    "a target that two aliases see differently",
    { aliases: [httpbin, { ...originating, namespace: "x", tls: { mode: "SIMPLE" } }] },
    "aliases[1].externalName",
    "httpbin.org is the target of aliases[0] already, with other ports or another tls, and Istio " +
      "has one cluster for a target; write one alias for both, or the same ports and tls in another namespace",
  ],
  [
    "a target of two aliases in one namespace",
    { aliases: [httpbin, { ...httpbin, name: "again" }] },
    "aliases[1].externalName",
    "httpbin.org is the target of aliases[0] already, in the same namespace, and Istio has one " +
      "cluster for a target; write one alias for both, or the same ports and tls in another namespace",
  ],
  [
    "a target of two aliases in one namespace, and of one in another before",
    {
      aliases: [{ ...httpbin, namespace: "x" }, httpbin, { ...httpbin, name: "again" }],
    },
    "aliases[2].externalName",
    "httpbin.org is the target of aliases[1] already, in the same namespace, and Istio has one " +
      "cluster for a target; write one alias for both, or the same ports and tls in another namespace",
  ],
  [
    "a target port on an ExternalName that is its own cluster",
    { mesh: { istioVersion: "1.20" }, aliases: [originating] },
    "aliases[0].ports[0].targetPort",
    "does nothing for an externalName before Istio 1.21; leave it out, or write addresses",
  ],
  [
    "a TLS port on an ExternalName that is its own cluster",
    {
      mesh: { istioVersion: "1.20" },
      aliases: [{ ...httpbin, ports: [{ name: "tls", port: 443 }] }],
    },
    "aliases[0].ports[0].name",
    '"tls": an externalName has no address of its own, so Istio 1.20 would take all traffic to ' +
      "this port for it; write addresses, or a port named http, http2, grpc, grpc-web",
  ],
  [
    "certificates that an old Istio wouldn't check",
    {
      mesh: { istioVersion: "1.20" },
      aliases: [
        {
          ...wikipedia,
          ports: [{ name: "http", port: 80, targetPort: 443 }],
          tls: { mode: "SIMPLE", sni: "en.wikipedia.org" },
        },
      ],
    },
    "aliases[0].tls.caCertificates",
    "missing, and Istio 1.20 then checks no certificate; write the path of the trusted ones, " +
      "such as /etc/ssl/certs/ca-certificates.crt",
  ],
];

describe("entries that contradict each other or the mesh are reported in one line that says what to write:", () => {
  for (const [what, catalogue, key, message] of CATALOGUES) {
    it(what, () => assert.deepEqual(mistakes(catalogue), [[key, message]]));
  }
});
