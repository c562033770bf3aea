import assert from "node:assert/strict";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { output } from "@pulumi/pulumi";
import { checkedAlias } from "../../components/alias/checkedAlias.js";
import { EgressAlias, type EgressAliasArgs } from "../../components/egressAlias.js";
import { find, run, UNKNOWN } from "./mocks.js";

const http = [{ name: "http", port: 80, targetPort: 443 }];
const tls = [{ name: "tls", port: 443 }];

/** What a JavaScript program can pass, whatever the types say. */
async function mistakesOf(args: object): Promise<string> {
  let message = "";
  await run(() => {
    try {
      new EgressAlias("a", args as EgressAliasArgs);
    } catch (error) {
      message = (error as Error).message;
    }
    return undefined;
  });
  return message;
}

describe("EgressAlias", () => {
  it("makes the Service and its TLS from one set of arguments", async () => {
    const { registrations } = await run(
      () =>
        new EgressAlias("my-httpbin", {
          externalName: "httpbin.org",
          ports: http,
          tls: { mode: "SIMPLE" },
        }),
    );
    const made = registrations
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ name, inputs }) => {
        const { name: own, namespace } = inputs.metadata as { name: string; namespace: string };
        return `${name}: ${String(inputs.kind)} ${namespace}/${own}`;
      });
    assert.deepEqual(made.sort(), [
      "httpbin.org.default-rule: DestinationRule default/httpbin.org",
      "httpbin.org.default-serviceentry: ServiceEntry default/httpbin.org",
      "httpbin.org.default-virtualservice: VirtualService default/httpbin.org",
      "my-httpbin-rule: DestinationRule default/my-httpbin",
      "my-httpbin-service: Service default/my-httpbin",
    ]);
    const { spec } = find(registrations, "DestinationRule", "my-httpbin-rule").inputs as {
      spec: object;
    };
    assert.deepEqual(spec, {
      host: "my-httpbin.default.svc.cluster.local",
      trafficPolicy: {
        tls: { mode: "SIMPLE", sni: "httpbin.org", subjectAltNames: ["httpbin.org"] },
      },
    });
  });

  it("has a host in the mesh's own domain, and its own name where another is given", async () => {
    const { result } = await run(
      () =>
        new EgressAlias("x", {
          name: "my-wikipedia",
          namespace: "shop",
          addresses: ["198.35.26.96"],
          ports: tls,
          tls: { mode: "DISABLE" },
          mesh: { clusterDomain: "corp.example" },
        }),
    );
    const host = await new Promise((resolve) => result.host.apply(resolve));
    assert.equal(host, "my-wikipedia.shop.svc.corp.example");
  });

  it("is the one component of its objects, and keeps the URNs that they had in two", async () => {
    const { registrations } = await run(
      () =>
        new EgressAlias("a", {
          externalName: "a.example.com",
          ports: tls,
          tls: { mode: "DISABLE" },
        }),
    );
    const ours = registrations.filter(({ type }) => type.startsWith("istio-egress:"));
    assert.deepEqual(
      ours.map(({ type }) => type),
      ["istio-egress:aliases:EgressAlias"],
    );
    const stack = "urn:pulumi:dev::istio-egress::";
    const [one, rule, service] = ["EgressAlias", "EgressTlsRule", "ExternalService"].map(
      (component) => `istio-egress:aliases:${component}$`,
    );
    const kind = "kubernetes:networking.istio.io/v1alpha3:DestinationRule::";
    const former = (name: string) =>
      registrations.find((registration) => registration.name === name)?.aliases;
    assert.deepEqual(former("a-service"), [
      `${stack}${service}kubernetes:core/v1:Service::a-service`,
      `${stack}${one}${service}kubernetes:core/v1:Service::a-service`,
    ]);
    // Up to version 0.1 it was called after the alias.
    assert.deepEqual(former("a.example.com.default-rule"), [
      `${stack}${rule}${kind}a.example.com.default-rule`,
      `${stack}${one}${rule}${kind}a.example.com.default-rule`,
      `${stack}${rule}${kind}a-target-rule`,
    ]);
  });

  const MISTAKES: readonly (readonly [what: string, args: object, message: RegExp])[] = [
    [
      "a name and addresses at once",
      {
        externalName: "a.example.com",
        addresses: ["192.0.2.1"],
        ports: tls,
        tls: { mode: "DISABLE" },
      },
      /^EgressAlias "a": .*externalName/,
    ],
    [
      "Istio's own mutual TLS",
      { externalName: "a.example.com", ports: http, tls: { mode: "ISTIO_MUTUAL" } },
      /^EgressAlias "a": tls\.mode: ISTIO_MUTUAL is the mesh's own TLS, which no server outside can speak/,
    ],
    [
      "a location inside without what is there",
      { externalName: "a.example.com", ports: http, tls: { mode: "DISABLE" }, location: "inside" },
      /^EgressAlias "a": inside: missing/,
    ],
    [
      "addresses inside without what is there",
      { addresses: ["192.0.2.1"], ports: tls, tls: { mode: "DISABLE" }, location: "inside" },
      /^EgressAlias "a": inside: missing/,
    ],
    [
      "a key that there isn't",
      { externalNames: "a" },
      /externalNames: unknown key; write externalName/,
    ],
    [
      "TLS in TLS",
      { externalName: "a.example.com", ports: tls, tls: { mode: "SIMPLE" } },
      /^EgressAlias "a": tls.mode: SIMPLE would wrap TLS in TLS/,
    ],
    ["no arguments at all", {}, /ports: missing/],
  ];
  for (const [what, args, message] of MISTAKES) {
    it(`refuses ${what}, before it makes anything`, async () => {
      assert.match(await mistakesOf(args), message);
    });
  }

  it("takes addresses, ports and TLS from other resources", async () => {
    const { registrations } = await run(
      () =>
        new EgressAlias("a", {
          namespace: output("shop"),
          addresses: [output("192.0.2.7"), "192.0.2.8"],
          ports: [{ name: "http", port: output(8080), targetPort: Promise.resolve(8443) }],
          tls: { mode: "SIMPLE", sni: output("a.example.com") },
        }),
    );
    const { subsets } = find(registrations, "Endpoints").inputs;
    assert.deepEqual(subsets, [
      {
        addresses: [{ ip: "192.0.2.7" }, { ip: "192.0.2.8" }],
        ports: [{ name: "http", port: 8443, protocol: "TCP" }],
      },
    ]);
    const { metadata, spec } = find(registrations, "DestinationRule").inputs as {
      metadata: { namespace: string };
      spec: object;
    };
    assert.equal(metadata.namespace, "shop");
    assert.deepEqual(spec, {
      host: "a.shop.svc.cluster.local",
      trafficPolicy: {
        tls: { mode: "SIMPLE", sni: "a.example.com", subjectAltNames: ["a.example.com"] },
      },
    });
  });

  it("leaves nothing else open because one value isn't known yet", async () => {
    const { registrations } = await run(
      () => {
        const other = new Service("other", { spec: { type: "LoadBalancer" } });
        return new EgressAlias("a", {
          addresses: [other.status.loadBalancer.ingress[0]!.ip, "192.0.2.8"],
          ports: tls,
          tls: { mode: "DISABLE" },
        });
      },
      { preview: true },
    );
    const { spec } = find(registrations, "DestinationRule").inputs;
    assert.deepEqual(spec, {
      host: "a.default.svc.cluster.local",
      trafficPolicy: { tls: { mode: "DISABLE" } },
    });
    const { subsets } = find(registrations, "Endpoints").inputs as {
      subsets: { addresses: object[] }[];
    };
    assert.deepEqual(subsets[0]?.addresses, [{ ip: UNKNOWN }, { ip: "192.0.2.8" }]);
  });

  it("checks a value of another resource when it is known", async () => {
    const declared = {
      name: "a",
      addresses: [output("192.0.2.0/24"), "192.0.2.8"],
      ports: tls,
      tls: { mode: "DISABLE" },
    };
    const [first, second] = checkedAlias('EgressAlias "a"', declared).alias.addresses as unknown[];
    assert.equal(second, "192.0.2.8");
    await assert.rejects(
      (first as { promise(): Promise<unknown> }).promise(),
      /EgressAlias "a": addresses\[0\]: "192.0.2.0\/24" isn't an IP address/,
    );
  });

  it("lets a transform add a field that it doesn't know", async () => {
    const { registrations } = await run(
      () =>
        new EgressAlias("a", {
          addresses: ["192.0.2.1"],
          ports: tls,
          tls: { mode: "DISABLE" },
          transform: {
            rule: ({ spec }) => {
              spec.trafficPolicy!.connectionPool = { tcp: { maxConnections: 10 } };
            },
          },
        }),
    );
    const { spec } = find(registrations, "DestinationRule").inputs as {
      spec: { trafficPolicy: object };
    };
    assert.deepEqual(spec.trafficPolicy, {
      tls: { mode: "DISABLE" },
      connectionPool: { tcp: { maxConnections: 10 } },
    });
  });
});
