import assert from "node:assert/strict";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { ExternalService } from "../../components/externalService.js";
import { find, run, UNKNOWN } from "./mocks.js";

const metadata = {
  name: "my-httpbin",
  namespace: "default",
  labels: { "app.kubernetes.io/managed-by": "istio-egress" },
};
const http = [{ name: "http", port: 80 }];
const tls = [{ name: "tls", port: 443 }];

describe("ExternalService for a name outside", () => {
  it("is an ExternalName Service, and nobody waits for it", async () => {
    const { registrations } = await run(
      () =>
        new ExternalService("httpbin", {
          name: "my-httpbin",
          externalName: "httpbin.org",
          ports: http,
        }),
    );
    assert.deepEqual(find(registrations, "Service").inputs, {
      apiVersion: "v1",
      kind: "Service",
      // The provider might remember the old name if it waited.
      metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: {
        type: "ExternalName",
        externalName: "httpbin.org",
        ports: [{ name: "http", protocol: "TCP", port: 80 }],
      },
    });
  });

  it("has no addresses, so neither Endpoints nor EndpointSlices nor a cluster IP", async () => {
    const { result, registrations } = await run(
      () =>
        new ExternalService("httpbin", {
          name: "my-httpbin",
          externalName: "httpbin.org",
          ports: http,
        }),
    );
    assert.equal(registrations.length, 2);
    assert.equal(result.endpoints, undefined);
    assert.deepEqual(result.endpointSlices, []);
    assert.deepEqual(find(registrations, "ExternalService").outputs, {
      host: "my-httpbin.default.svc.cluster.local",
    });
  });

  it("leaves a targetPort out, which means nothing to a CNAME", async () => {
    const ports = [{ name: "http", port: 80, targetPort: 443 }];
    const { registrations } = await run(
      () => new ExternalService("x", { name: "x", externalName: "example.com", ports }),
    );
    const { spec } = find(registrations, "Service").inputs as { spec: { ports: object[] } };
    assert.deepEqual(spec.ports, [{ name: "http", protocol: "TCP", port: 80 }]);
  });

  it("hides nothing but the name itself where a preview doesn't know it", async () => {
    const { registrations } = await run(
      () => {
        const database = new Service("database", { spec: { type: "LoadBalancer" } });
        return new ExternalService("x", {
          name: "my-httpbin",
          externalName: database.status.loadBalancer.ingress[0]!.hostname,
          ports: http,
        });
      },
      { preview: true },
    );
    assert.deepEqual(find(registrations, "Service", "x-service").inputs, {
      apiVersion: "v1",
      kind: "Service",
      // The provider might remember the old name if it waited.
      metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: {
        type: "ExternalName",
        externalName: UNKNOWN,
        ports: [{ name: "http", protocol: "TCP", port: 80 }],
      },
    });
    assert.deepEqual(find(registrations, "ExternalService").outputs, {
      host: "my-httpbin.default.svc.cluster.local",
    });
  });
});

describe("ExternalService for addresses outside", () => {
  const addresses = ["91.198.174.192", "198.35.26.96"];
  const labels = metadata.labels;

  it("is a Service without selector, type or cluster IP, which Kubernetes must be free to give", async () => {
    const { registrations } = await run(
      () => new ExternalService("x", { name: "my-wikipedia", addresses, ports: tls }),
    );
    assert.deepEqual(find(registrations, "Service").inputs, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "my-wikipedia", namespace: "default", labels },
      spec: { ports: [{ name: "tls", protocol: "TCP", port: 443 }] },
    });
  });

  it("writes Endpoints of the Service's name by default, after the Service", async () => {
    const { registrations } = await run(
      () => new ExternalService("x", { name: "my-wikipedia", addresses, ports: tls }),
    );
    const endpoints = find(registrations, "Endpoints");
    assert.deepEqual(endpoints.inputs, {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "my-wikipedia", namespace: "default", labels },
      subsets: [
        {
          addresses: [{ ip: "91.198.174.192" }, { ip: "198.35.26.96" }],
          ports: [{ name: "tls", port: 443, protocol: "TCP" }],
        },
      ],
    });
    assert.deepEqual(endpoints.dependsOn, ["x-service"]);
    assert.equal(registrations.length, 3);
  });

  it("writes one EndpointSlice for each address family instead, on request", async () => {
    const { result, registrations } = await run(
      () =>
        new ExternalService("x", {
          name: "my-wikipedia",
          namespace: "egress",
          addresses: ["2620:0:861::1", ...addresses],
          endpointsApi: "EndpointSlice",
          ports: tls,
        }),
    );
    const slices = ["x-ipv4", "x-ipv6"].map((name) => find(registrations, "EndpointSlice", name));
    const slice = (family: string, members: string[]) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: `my-wikipedia-${family.toLowerCase()}`,
        namespace: "egress",
        labels: {
          ...labels,
          "kubernetes.io/service-name": "my-wikipedia",
          "endpointslice.kubernetes.io/managed-by": "istio-egress",
        },
      },
      addressType: family,
      endpoints: members.map((address) => ({ addresses: [address] })),
      ports: [{ name: "tls", port: 443, protocol: "TCP" }],
    });
    assert.deepEqual(
      slices.map(({ inputs }) => inputs),
      [slice("IPv4", addresses), slice("IPv6", ["2620:0:861::1"])],
    );
    // The addresses come first, so that a Service on its way back from inside is never without.
    assert.deepEqual(slices[0]!.dependsOn, []);
    assert.deepEqual(find(registrations, "Service").dependsOn, ["x-ipv4", "x-ipv6"]);
    assert.equal(result.endpoints, undefined);
    assert.equal(registrations.length, 4);
  });

  it("sends traffic to the target port where the outside service listens elsewhere", async () => {
    const ports = [{ name: "http", port: 80, targetPort: 443 }];
    const { registrations } = await run(
      () => new ExternalService("x", { name: "x", addresses, ports }),
    );
    const service = find(registrations, "Service").inputs as { spec: object };
    assert.deepEqual(service.spec, {
      ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 443 }],
    });
    const endpoints = find(registrations, "Endpoints").inputs as { subsets: { ports: object }[] };
    assert.deepEqual(endpoints.subsets[0]!.ports, [{ name: "http", port: 443, protocol: "TCP" }]);
  });

  it("takes UDP from the port's name", async () => {
    const ports = [{ name: "udp-dns", port: 53 }];
    const { registrations } = await run(
      () => new ExternalService("x", { name: "x", addresses, ports }),
    );
    const { spec } = find(registrations, "Service").inputs as { spec: { ports: object[] } };
    assert.deepEqual(spec.ports, [{ name: "udp-dns", protocol: "UDP", port: 53 }]);
  });

  it("outputs the address that Kubernetes gave", async () => {
    const { registrations } = await run(
      () => new ExternalService("x", { name: "my-wikipedia", addresses, ports: tls }),
      {
        outputs: (type, inputs) =>
          type === "kubernetes:core/v1:Service"
            ? { spec: { ...(inputs.spec as object), clusterIP: "10.96.1.2" } }
            : {},
      },
    );
    assert.deepEqual(find(registrations, "ExternalService").outputs, {
      host: "my-wikipedia.default.svc.cluster.local",
      clusterIP: "10.96.1.2",
    });
  });

  it("hides nothing but one address where a preview doesn't know it", async () => {
    const { registrations } = await run(
      () => {
        const other = new Service("other", { spec: { type: "LoadBalancer" } });
        return new ExternalService("x", {
          name: "my-wikipedia",
          addresses: ["91.198.174.192", other.status.loadBalancer.ingress[0]!.ip],
          ports: tls,
        });
      },
      { preview: true },
    );
    assert.deepEqual(find(registrations, "Endpoints").inputs.subsets, [
      {
        addresses: [{ ip: "91.198.174.192" }, { ip: UNKNOWN }],
        ports: [{ name: "tls", port: 443, protocol: "TCP" }],
      },
    ]);
  });
});

describe("ExternalService as part of a program", () => {
  it("names its host by namespace and cluster domain", async () => {
    const { registrations } = await run(
      () =>
        new ExternalService("x", {
          name: "db",
          namespace: "payments",
          clusterDomain: "corp.example",
          externalName: "db.example.com",
          ports: http,
        }),
    );
    assert.deepEqual(find(registrations, "ExternalService").outputs, {
      host: "db.payments.svc.corp.example",
    });
  });

  it("registers its arguments as its inputs, the escape hatch left out", async () => {
    const { registrations } = await run(
      () =>
        new ExternalService("x", {
          name: "db",
          externalName: "db.example.com",
          ports: http,
          transform: { service: () => {} },
        }),
    );
    assert.deepEqual(find(registrations, "ExternalService").inputs, {
      name: "db",
      externalName: "db.example.com",
      ports: http,
    });
  });

  it("lets a transform change what a child is created with", async () => {
    const { registrations } = await run(
      () =>
        new ExternalService("x", {
          name: "db",
          addresses: ["192.0.2.1"],
          ports: tls,
          transform: {
            service: (args, opts) => {
              opts.protect = true;
              args.metadata = { name: "db", annotations: { "networking.istio.io/exportTo": "." } };
            },
            endpoints: { subsets: [] },
          },
        }),
    );
    assert.deepEqual(find(registrations, "Service").inputs.metadata, {
      name: "db",
      annotations: { "networking.istio.io/exportTo": "." },
    });
    assert.deepEqual(find(registrations, "Endpoints").inputs.subsets, []);
  });
});
