import assert from "node:assert/strict";
import { egressPolicies } from "../../../policies/pack.js";
import { preview } from "../../harness/index.js";
import { stackOf } from "../stacks.js";

const ENTRY = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: h, namespace: shop }
spec:
  hosts: [h.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports:
    - { number: 80, name: http, protocol: HTTP }
    - { number: 443, name: https, protocol: HTTPS }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: h, namespace: shop }
spec:
  host: h.example.com
  trafficPolicy:
    portLevelSettings:
      - port: { number: 443 }
        tls: { mode: SIMPLE, sni: h.example.com, subjectAltNames: [h.example.com] }
`;

function route(destination: string): string {
  return `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: h, namespace: shop }
spec:
  hosts: [h.example.com]
  http:
    - match: [{ port: 80 }]
      route: [{ destination: ${destination} }]
`;
}

async function reported(yaml: string): Promise<string[]> {
  const reports = await preview(egressPolicies(), stackOf(yaml), { way: "raw" });
  return reports.filter(({ policy }) => policy === "egress-call").map(({ message }) => message);
}

describe("egress-call", () => {
  it("reports a port that the application and the sidecar both encrypt", async () => {
    const [message, ...others] = await reported(ENTRY);
    assert.deepEqual(others, []);
    assert.match(message ?? "", /port 443: TLS is sent within TLS/);
    assert.match(message ?? "", /seen as: WRONG_VERSION_NUMBER/);
  });

  it("says nothing of a port that only a route leads to", async () => {
    assert.deepEqual(
      await reported(ENTRY + route("{ host: h.example.com, port: { number: 443 } }")),
      [],
    );
  });

  it("reports a route to a subset that the client has no cluster for", async () => {
    const messages = await reported(
      ENTRY + route("{ host: h.example.com, subset: v2, port: { number: 443 } }"),
    );
    assert.ok(
      messages.some((message) =>
        /has no cluster\s+outbound\|443\|v2\|h\.example\.com/.test(message),
      ),
      messages.join("\n"),
    );
  });

  it("says nothing of a gateway's Service that another stack may have", async () => {
    const elsewhere = "{ host: egress.istio-system.svc.cluster.local, port: { number: 80 } }";
    const messages = await reported(ENTRY + route(elsewhere));
    assert.ok(
      messages.every((message) => !message.includes("port 80")),
      messages.join("\n"),
    );
  });

  it("reports a call in clear that a workload's annotation keeps from its sidecar", async () => {
    const workload = `---
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  annotations: { traffic.sidecar.istio.io/excludeOutboundPorts: "80" }
spec: { containers: [{ name: web, image: web }] }
`;
    const simple = ENTRY.replace("port: { number: 443 }", "port: { number: 80 }");
    assert.deepEqual(await reported(simple), []);
    const [message, ...others] = await reported(simple + workload);
    assert.deepEqual(others, []);
    assert.match(message ?? "", /port 80: it is sent in clear/);
    assert.match(message ?? "", /excludeOutboundPorts|annotations/);
  });
});
