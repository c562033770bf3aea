import assert from "node:assert/strict";
import { ENTRY, failures, renamed, rule, SIMPLE, WIKIPEDIA } from "./world.js";

describe("an object of Istio's, compared with what is declared", () => {
  const objects: [
    story: string,
    key: string,
    found: { spec: object },
    declared: string,
    differing: string,
  ][] = [
    [
      "a rule with another mode",
      "DestinationRule default/my-wikipedia",
      rule(WIKIPEDIA, { mode: "ISTIO_MUTUAL" }),
      "trafficPolicy.tls.mode DISABLE",
      "trafficPolicy.tls.mode ISTIO_MUTUAL",
    ],
    [
      "a rule that verifies nobody",
      "DestinationRule default/httpbin.org",
      rule("httpbin.org", { mode: "SIMPLE", sni: "httpbin.org", insecureSkipVerify: true }),
      "trafficPolicy.tls.subjectAltNames httpbin.org, trafficPolicy.tls.insecureSkipVerify unset",
      "trafficPolicy.tls.subjectAltNames unset, trafficPolicy.tls.insecureSkipVerify true",
    ],
    [
      "a rule that takes one more name for the server's",
      "DestinationRule default/httpbin.org",
      rule("httpbin.org", { ...SIMPLE, subjectAltNames: ["httpbin.org", "example.org"] }),
      "trafficPolicy.tls.subjectAltNames httpbin.org",
      "trafficPolicy.tls.subjectAltNames httpbin.org,example.org",
    ],
    [
      "a rule that trusts others",
      "DestinationRule default/httpbin.org",
      rule("httpbin.org", { ...SIMPLE, caCertificates: "/etc/theirs.crt" }),
      "trafficPolicy.tls.caCertificates unset",
      "trafficPolicy.tls.caCertificates /etc/theirs.crt",
    ],
    [
      "a rule that shows somebody's certificate",
      "DestinationRule default/httpbin.org",
      rule("httpbin.org", { ...SIMPLE, credentialName: "theirs" }),
      "trafficPolicy.tls.credentialName unset",
      "trafficPolicy.tls.credentialName theirs",
    ],
    [
      "a rule that has settings of its own for a port",
      "DestinationRule default/httpbin.org",
      {
        spec: {
          host: "httpbin.org",
          trafficPolicy: { tls: SIMPLE, portLevelSettings: [{ port: { number: 80 } }] },
        },
      },
      "trafficPolicy.portLevelSettings[0].port.number unset",
      "trafficPolicy.portLevelSettings[0].port.number 80",
    ],
    [
      "a rule that is for some of the clients only",
      "DestinationRule default/httpbin.org",
      rule("httpbin.org", SIMPLE, { workloadSelector: { matchLabels: { app: "other" } } }),
      "workloadSelector.matchLabels.app unset",
      "workloadSelector.matchLabels.app other",
    ],
    [
      "a rule with a selector that has no labels",
      "DestinationRule default/httpbin.org",
      rule("httpbin.org", SIMPLE, { workloadSelector: {} }),
      "workloadSelector unset",
      "workloadSelector {}",
    ],
    [
      "a rule that leaves some namespaces out",
      "DestinationRule default/httpbin.org",
      rule("httpbin.org", SIMPLE, { exportTo: ["."] }),
      "exportTo unset",
      "exportTo .",
    ],
    [
      "a ServiceEntry that keeps the port",
      "ServiceEntry default/httpbin.org",
      { spec: { ...ENTRY, ports: [{ number: 80, name: "http", protocol: "HTTP" }] } },
      "ports[0].targetPort 443",
      "ports[0].targetPort unset",
    ],
    [
      "a ServiceEntry of the mesh that nobody resolves",
      "ServiceEntry default/httpbin.org",
      { spec: { ...ENTRY, location: "MESH_INTERNAL", resolution: "NONE" } },
      "location MESH_EXTERNAL, resolution DNS",
      "location MESH_INTERNAL, resolution NONE",
    ],
    [
      "a ServiceEntry that sends requests elsewhere",
      "ServiceEntry default/httpbin.org",
      { spec: { ...ENTRY, endpoints: [{ address: "192.0.2.1" }] } },
      "endpoints[0].address unset",
      "endpoints[0].address 192.0.2.1",
    ],
    [
      "a ServiceEntry that only some namespaces see",
      "ServiceEntry default/httpbin.org",
      { spec: { ...ENTRY, exportTo: ["payments"] } },
      "exportTo unset",
      "exportTo payments",
    ],
    [
      "requests that get another server's name",
      "VirtualService default/httpbin.org",
      renamed("httpbin.org", "example.org"),
      "http[0].rewrite.authority httpbin.org",
      "http[0].rewrite.authority example.org",
    ],
    [
      "names for the requests of some namespaces only",
      "VirtualService default/httpbin.org",
      renamed("httpbin.org", "httpbin.org", { exportTo: ["."] }),
      "exportTo unset",
      "exportTo .",
    ],
  ];
  for (const [story, key, found, declared, differing] of objects) {
    it(`finds ${story}`, () => {
      const failed = failures(({ istioObjects }) => istioObjects.set(key, found));
      assert.deepEqual(failed, [`${key}: ${declared} | ${differing}`]);
    });
  }

  const same: [story: string, key: string, found: { spec: object }][] = [
    [
      "a rule that says in words that it verifies the server",
      "DestinationRule default/httpbin.org",
      rule("httpbin.org", { ...SIMPLE, insecureSkipVerify: false }),
    ],
    [
      "a rule that leaves out the mode that Istio takes then",
      "DestinationRule default/my-wikipedia",
      rule(WIKIPEDIA, {}),
    ],
    [
      "a ServiceEntry that leaves out the location that Istio takes then",
      "ServiceEntry default/httpbin.org",
      { spec: { hosts: ENTRY.hosts, ports: ENTRY.ports, resolution: "DNS", exportTo: [] } },
    ],
  ];
  for (const [story, key, found] of same) {
    it(`finds nothing in ${story}`, () => {
      assert.deepEqual(
        failures(({ istioObjects }) => istioObjects.set(key, found)),
        [],
      );
    });
  }
});
