import assert from "node:assert/strict";
import { egressPolicies } from "../../../policies/pack.js";
import { type Way, itBothWays, preview, unknown } from "../../harness/index.js";
import { stackOf, unwrapped } from "../stacks.js";

const NAME = "egress-port-protocol";

async function reports(way: Way, ...streams: string[]): Promise<string[]> {
  return (await preview(egressPolicies(), stackOf(...streams), { way }))
    .filter(({ policy }) => policy === NAME)
    .map(({ message }) => unwrapped(message));
}

function alias(port: string, more = ""): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: my-alias, namespace: default }
spec: { ports: [${port}]${more} }
`;
}

function slice(port: string): string {
  return `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: my-alias-1
  namespace: default
  labels: { kubernetes.io/service-name: my-alias }
addressType: IPv4
endpoints: [{ addresses: [198.35.26.96] }]
ports: [${port}]
`;
}

describe(NAME, () => {
  for (const port of [
    "{ port: 636 }",
    "{ name: ldap, port: 636 }",
    "{ name: postgres, port: 5432 }",
  ]) {
    itBothWays(`asks for the protocol of ${port}`, async (way) => {
      const [message, ...others] = await reports(way, alias(port));
      assert.match(message ?? "", /says no protocol/);
      assert.deepEqual(others, []);
    });
  }

  for (const port of [
    "{ name: tls, port: 443 }",
    "{ name: tcp-postgres, port: 5432 }",
    "{ name: grpc-web, port: 80 }",
    "{ name: HTTP-admin, port: 80 }",
    "{ name: ldap, appProtocol: tls, port: 636 }",
    "{ name: ws, appProtocol: kubernetes.io/ws, port: 80 }",
    "{ name: dns, protocol: UDP, port: 53 }",
    `{ name: ${unknown}, port: 443 }`,
  ]) {
    itBothWays(`takes ${port}`, async (way) =>
      assert.deepEqual(await reports(way, alias(port)), []),
    );
  }

  itBothWays("asks of ExternalNames too", async (way) => {
    const external = alias("{ port: 80 }", ", type: ExternalName, externalName: httpbin.org");
    assert.equal((await reports(way, external)).length, 1);
  });

  itBothWays("leaves Services alone that select Pods", async (way) => {
    assert.deepEqual(await reports(way, alias("{ port: 80 }", ", selector: { app: web }")), []);
  });

  itBothWays("finds endpoints that answer to another port's name", async (way) => {
    const [message] = await reports(
      way,
      alias("{ name: tls, port: 443 }"),
      slice("{ name: https, port: 443 }"),
    );
    assert.match(message ?? "", /no port bears the name "tls" of Service default\/my-alias/);
    assert.match(message ?? "", /it has: "https"/);
  });

  itBothWays("takes endpoints whose ports bear the names, or aren't known yet", async (way) => {
    const service = alias("{ name: tls, port: 443 }");
    assert.deepEqual(await reports(way, service, slice("{ name: tls, port: 8443 }")), []);
    assert.deepEqual(await reports(way, service, slice(`{ name: ${unknown}, port: 443 }`)), []);
  });
});
