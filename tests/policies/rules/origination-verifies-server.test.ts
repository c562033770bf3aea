import assert from "node:assert/strict";
import { egressPolicies } from "../../../policies/pack.js";
import { type Way, itBothWays, preview, unknown } from "../../harness/index.js";
import { rule, stackOf } from "../stacks.js";

const NAME = "egress-origination-verifies-server";

async function reports(way: Way, streams: string[], istioVersion = "1.31"): Promise<string[]> {
  const policies = egressPolicies({ mesh: { istioVersion } });
  return (await preview(policies, stackOf(...streams), { way }))
    .filter(({ policy }) => policy === NAME)
    .map(({ message }) => message);
}

const top = (tls: string) => `trafficPolicy: { tls: ${tls} }`;
const port = (tls: string) =>
  `trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: ${tls} }] }`;
const subset = (tls: string) => `subsets: [{ name: v1, trafficPolicy: { tls: ${tls} } }]`;

const CERTIFICATE = "clientCertificate: /c.pem, privateKey: /k.pem";

const REPORTED: [string, string, RegExp][] = [
  ["sni alone", top("{ mode: SIMPLE, sni: httpbin.org }"), /sni without subjectAltNames/],
  [
    "sni alone, for a port",
    port("{ mode: SIMPLE, sni: httpbin.org }"),
    /portLevelSettings\[0\]\.tls/,
  ],
  ["sni alone, in a subset", subset("{ mode: SIMPLE, sni: httpbin.org }"), /subsets\[0\]/],
  ["insecureSkipVerify", top("{ mode: SIMPLE, insecureSkipVerify: true }"), /any certificate/],
  ["MUTUAL without a certificate", top("{ mode: MUTUAL }"), /sends plaintext/],
  ["MUTUAL with half a certificate", top("{ mode: MUTUAL, privateKey: /k.pem }"), /plaintext/],
  [
    "credentialName without a selector",
    top("{ mode: MUTUAL, credentialName: c, subjectAltNames: [a] }"),
    /sidecars ignore it/,
  ],
];

const SILENT: [string, string][] = [
  ["SIMPLE alone: the host's own name is checked", top("{ mode: SIMPLE }")],
  ["sni with names", top("{ mode: SIMPLE, sni: h.org, subjectAltNames: [h.org] }")],
  [
    "sni with an authority of its own",
    top("{ mode: SIMPLE, sni: h.org, caCertificates: /ca.pem }"),
  ],
  ["MUTUAL with a certificate", top(`{ mode: MUTUAL, ${CERTIFICATE} }`)],
  [
    "credentialName with a selector",
    `workloadSelector: { matchLabels: { app: sleep } }\n${top("{ mode: MUTUAL, credentialName: c }")}`,
  ],
  ["a trust bundle from a ConfigMap", top('{ mode: SIMPLE, credentialName: "configmap://ca" }')],
  ["DISABLE with an sni", top("{ mode: DISABLE, sni: h.org }")],
  ["ISTIO_MUTUAL with an sni, as on a gateway", top("{ mode: ISTIO_MUTUAL, sni: h.org }")],
  ["a mode that isn't known yet", top(`{ mode: ${unknown}, sni: h.org }`)],
  ["names that aren't known yet", top(`{ mode: SIMPLE, sni: h.org, subjectAltNames: ${unknown} }`)],
];

describe(NAME, () => {
  for (const [what, spec, message] of REPORTED) {
    itBothWays(`refuses ${what}`, async (way) => {
      const [found, ...others] = await reports(way, [rule("r", "httpbin.org", spec)]);
      assert.match(found ?? "", message);
      assert.match(found ?? "", /DestinationRule default\/r.*host: httpbin\.org/s);
      assert.deepEqual(others, []);
    });
  }

  for (const [what, spec] of SILENT) {
    itBothWays(`takes ${what}`, async (way) => {
      assert.deepEqual(await reports(way, [rule("r", "httpbin.org", spec)]), []);
    });
  }

  itBothWays("takes sni alone where a ServiceEntry says which names to accept", async (way) => {
    const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: httpbin, namespace: default }
spec: { hosts: [httpbin.org], subjectAltNames: [httpbin.org], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS }
`;
    const origination = rule("r", "httpbin.org", top("{ mode: SIMPLE, sni: httpbin.org }"));
    assert.deepEqual(await reports(way, [origination, entry]), []);
  });

  itBothWays("takes a credentialName that a gateway uses", async (way) => {
    const origination = rule("r", "h.org", top("{ mode: MUTUAL, credentialName: c, sni: h.org }"));
    const virtualService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: through-gateway, namespace: default }
spec: { hosts: [h.org], gateways: [istio-egressgateway, mesh] }
`;
    const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: through-gateway, namespace: default }
spec:
  parentRefs: [{ name: egress }]
  rules: [{ backendRefs: [{ kind: Hostname, group: networking.istio.io, name: h.org, port: 443 }] }]
`;
    assert.deepEqual(await reports(way, [origination, virtualService]), []);
    assert.deepEqual(await reports(way, [origination, route]), []);
  });

  itBothWays("knows that Istio before 1.21 verified nothing without an authority", async (way) => {
    const simple = rule("r", "httpbin.org", top("{ mode: SIMPLE }"));
    const signed = rule("r", "httpbin.org", top("{ mode: SIMPLE, caCertificates: /ca.pem }"));
    assert.match((await reports(way, [simple], "1.20"))[0] ?? "", /Istio 1\.20 verifies nothing/);
    assert.deepEqual(await reports(way, [signed], "1.20"), []);
    assert.deepEqual(await reports(way, [simple], "1.21"), []);
  });
});
