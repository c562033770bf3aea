import assert from "node:assert/strict";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { EgressTlsRule, type EgressTlsRuleArgs } from "../../components/egressTlsRule.js";
import type { TlsIntent } from "../../components/alias/tlsIntent.js";
import { find, run, UNKNOWN, type MockOptions } from "./mocks.js";

const host = "my-httpbin.default.svc.cluster.local";
const http = [{ name: "http", port: 80 }];
const encrypted = [{ name: "http", port: 80, targetPort: 443 }];
const ALIAS = { name: "my-httpbin", host, tls: { mode: "DISABLE" } };
const simple: TlsIntent = {
  mode: "SIMPLE",
  sni: "httpbin.org",
  subjectAltNames: ["httpbin.org"],
};

function rule(args: Partial<EgressTlsRuleArgs>, options?: MockOptions) {
  return run(
    () =>
      new EgressTlsRule(
        "x",
        { ...ALIAS, ports: args.tls ? encrypted : http, ...args } as never,
        {},
      ),
    options,
  );
}

async function specOf(args: Partial<EgressTlsRuleArgs>): Promise<unknown> {
  const { registrations } = await rule(args);
  return find(registrations, "DestinationRule", "x-rule").inputs.spec;
}

describe("EgressTlsRule on an alias", () => {
  it("writes the task's rule", async () => {
    const { registrations } = await rule({});
    assert.deepEqual(find(registrations, "DestinationRule").inputs, {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "DestinationRule",
      metadata: {
        name: "my-httpbin",
        namespace: "default",
        labels: { "app.kubernetes.io/managed-by": "istio-egress" },
      },
      spec: { host, trafficPolicy: { tls: { mode: "DISABLE" } } },
    });
    assert.equal(registrations.length, 2);
  });

  const cases: { name: string; args: Partial<EgressTlsRuleArgs>; trafficPolicy: object }[] = [
    {
      name: "has the sidecar encrypt and check the server with SIMPLE",
      args: { tls: { ...simple, caCertificates: "/etc/ssl/ca.crt" } },
      trafficPolicy: { tls: { ...simple, caCertificates: "/etc/ssl/ca.crt" } },
    },
    {
      name: "shows a client certificate with MUTUAL",
      args: {
        tls: {
          ...simple,
          mode: "MUTUAL",
          clientCertificate: "/etc/partner/tls.crt",
          privateKey: "/etc/partner/tls.key",
        },
      },
      trafficPolicy: {
        tls: {
          ...simple,
          mode: "MUTUAL",
          clientCertificate: "/etc/partner/tls.crt",
          privateKey: "/etc/partner/tls.key",
        },
      },
    },
    {
      name: "leaves alone the ports on which the workload encrypts, and the rest encrypts by port",
      args: {
        tls: simple,
        ports: [
          { name: "http", port: 80, targetPort: 443 },
          { name: "https-admin", port: 8443 },
          { name: "tcp", port: 9000 },
        ],
      },
      trafficPolicy: {
        tls: { mode: "DISABLE" },
        portLevelSettings: [
          { port: { number: 80 }, tls: simple },
          { port: { number: 9000 }, tls: simple },
        ],
      },
    },
    {
      name: "needs no settings by port with DISABLE",
      args: {
        ports: [
          { name: "http", port: 80 },
          { name: "tls", port: 443 },
        ],
      },
      trafficPolicy: { tls: { mode: "DISABLE" } },
    },
  ];
  for (const { name, args, trafficPolicy } of cases) {
    it(name, async () => {
      assert.deepEqual(await specOf(args), { host, trafficPolicy });
    });
  }

  it("selects the workloads that may read a Secret, where certificates come from one", async () => {
    const tls: TlsIntent = {
      ...simple,
      mode: "MUTUAL",
      credentialName: "client-credential",
      workloadSelector: { app: "sleep" },
    };
    assert.deepEqual(await specOf({ tls }), {
      host,
      trafficPolicy: { tls: { ...simple, mode: "MUTUAL", credentialName: "client-credential" } },
      workloadSelector: { matchLabels: { app: "sleep" } },
    });
  });

  it("is exported where it is meant to be, and says nothing of it otherwise", async () => {
    assert.deepEqual(await specOf({ exportTo: [".", "payments"] }), {
      host,
      trafficPolicy: { tls: { mode: "DISABLE" } },
      exportTo: [".", "payments"],
    });
  });
});

describe("EgressTlsRule where the sidecar encrypts HTTP", () => {
  const ports = [
    { name: "http", port: 80, targetPort: 443 },
    { name: "grpc-api", port: 8443 },
    { name: "https", port: 443 },
    { name: "tcp", port: 9000 },
  ];
  const virtualServices = async (args: Partial<EgressTlsRuleArgs>) => {
    const { registrations } = await rule({ ports, tls: simple, ...args });
    return registrations.filter(({ type }) => type.endsWith(":VirtualService"));
  };
  const routes = (host: string) =>
    [80, 8443].map((number) => ({
      match: [{ port: number }],
      rewrite: { authority: "httpbin.org" },
      route: [{ destination: { host, port: { number } } }],
    }));

  it("gives requests the server's name, and leaves alone what isn't HTTP that it encrypts", async () => {
    const [{ inputs } = assert.fail("no VirtualService"), ...others] = await virtualServices({});
    assert.deepEqual(others, []);
    assert.equal((inputs.metadata as { name: string }).name, "my-httpbin");
    assert.deepEqual(inputs.spec, { hosts: [host], http: routes(host) });
  });

  it("does so for the target where its cluster carries the traffic, so that a move inside ends it", async () => {
    const [found] = await virtualServices({
      externalName: "httpbin.org",
      ports: ports.filter(({ name }) => name !== "tcp"),
      exportTo: ["."],
    });
    assert.deepEqual(found?.inputs.spec, {
      hosts: ["httpbin.org"],
      http: routes("httpbin.org"),
      exportTo: ["."],
    });
    assert.deepEqual(found?.dependsOn, ["httpbin.org.default-serviceentry"]);
  });

  it("stays in the namespace where the rule does", async () => {
    const secret = { credentialName: "client-credential", workloadSelector: { app: "sleep" } };
    const [found] = await virtualServices({ tls: { ...simple, ...secret } });
    assert.deepEqual((found?.inputs.spec as { exportTo?: string[] }).exportTo, ["."]);
  });

  it("leaves the Host header to the workload where the sidecar encrypts no HTTP", async () => {
    for (const tls of [{ mode: "DISABLE" }, { mode: "AUTO" }] as const) {
      assert.deepEqual(await virtualServices({ tls }), []);
    }
    assert.deepEqual(await virtualServices({ ports: [{ name: "tcp", port: 9000 }] }), []);
  });
});

describe("EgressTlsRule on an ExternalName alias", () => {
  const externalName = "httpbin.org";

  it("writes a ServiceEntry and a rule for the target, which is what Istio 1.21 and later follow", async () => {
    const ports = [
      { name: "http", port: 80, targetPort: 443 },
      { name: "grpc-web-api", port: 8080 },
    ];
    const { registrations } = await rule({ externalName, ports, tls: simple });
    const metadata = {
      name: "httpbin.org",
      namespace: "default",
      labels: { "app.kubernetes.io/managed-by": "istio-egress" },
    };
    assert.deepEqual(find(registrations, "ServiceEntry").inputs, {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "ServiceEntry",
      metadata,
      spec: {
        hosts: ["httpbin.org"],
        location: "MESH_EXTERNAL",
        resolution: "DNS",
        ports: [
          { number: 80, name: "http", protocol: "HTTP", targetPort: 443 },
          { number: 8080, name: "grpc-web-api", protocol: "GRPC-WEB" },
        ],
      },
    });
    const target = find(registrations, "DestinationRule", "httpbin.org.default-rule");
    assert.deepEqual(target.inputs, {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "DestinationRule",
      metadata,
      spec: { host: "httpbin.org", trafficPolicy: { tls: simple } },
    });
    // So that no client ever meets the target without its rule.
    assert.deepEqual(target.dependsOn, []);
    assert.deepEqual(find(registrations, "ServiceEntry").dependsOn, ["httpbin.org.default-rule"]);
  });

  it("exports the target's objects as the alias's rule", async () => {
    const { registrations } = await rule({ externalName, exportTo: ["."] });
    const exported = registrations
      .filter(({ type }) => type.includes("networking.istio.io"))
      .map(({ name, inputs }) => [name, (inputs.spec as { exportTo?: string[] }).exportTo]);
    assert.deepEqual(exported.sort(), [
      ["httpbin.org.default-rule", ["."]],
      ["httpbin.org.default-serviceentry", ["."]],
      ["x-rule", ["."]],
    ]);
  });

  const versions: { mesh: EgressTlsRuleArgs["mesh"]; effectiveHost: string }[] = [
    { mesh: undefined, effectiveHost: externalName },
    { mesh: { istioVersion: "1.24" }, effectiveHost: externalName },
    { mesh: { istioVersion: "1.21.3" }, effectiveHost: externalName },
    { mesh: { istioVersion: "1.21", externalNameAlias: false }, effectiveHost: host },
    { mesh: { istioVersion: "1.20", externalNameAlias: true }, effectiveHost: externalName },
    { mesh: { istioVersion: "1.20" }, effectiveHost: host },
  ];
  for (const { mesh, effectiveHost } of versions) {
    it(`takes ${effectiveHost} for the host that decides with ${JSON.stringify(mesh ?? {})}`, async () => {
      const { registrations } = await rule({ externalName, mesh });
      assert.deepEqual(find(registrations, "EgressTlsRule").outputs, { effectiveHost });
      assert.equal(registrations.length, effectiveHost === host ? 2 : 4);
    });
  }

  it("hides nothing but the name itself where a preview doesn't know it", async () => {
    const { registrations } = await run(
      () => {
        const other = new Service("other", { spec: { type: "LoadBalancer" } });
        new EgressTlsRule("x", {
          name: "my-httpbin",
          host,
          ports: http,
          tls: { mode: "DISABLE" },
          externalName: other.status.loadBalancer.ingress[0]!.hostname,
        });
      },
      { preview: true },
    );
    assert.deepEqual(find(registrations, "DestinationRule", "x-target-rule").inputs.spec, {
      host: UNKNOWN,
      trafficPolicy: { tls: { mode: "DISABLE" } },
    });
    assert.deepEqual(find(registrations, "ServiceEntry").inputs.spec, {
      hosts: [UNKNOWN],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
    });
    assert.deepEqual(find(registrations, "DestinationRule", "x-rule").inputs.spec, {
      host,
      trafficPolicy: { tls: { mode: "DISABLE" } },
    });
  });

  it("gives the target's objects names of the target's, so that they outlive the alias", async () => {
    const namesOf = async (args: Partial<EgressTlsRuleArgs>) => {
      const { registrations } = await rule({ externalName, tls: simple, ...args });
      const mine = registrations.filter(({ inputs }) => "spec" in inputs);
      return mine.map(({ name }) => name).filter((name) => name !== "x-rule");
    };
    const names = (name: string) =>
      ["rule", "serviceentry", "virtualservice"].map((object) => `${name}-${object}`);
    assert.deepEqual(await namesOf({}), names("httpbin.org.default"));
    assert.deepEqual(await namesOf({ namespace: "shop" }), names("httpbin.org.shop"));
    assert.deepEqual(await namesOf({ targetName: "east" }), names("east"));
  });

  it("is found in a state in which the target's objects went by the alias's name", async () => {
    const { registrations } = await rule({ externalName, tls: simple });
    const former = registrations
      .filter(({ aliases }) => aliases.length > 0)
      .map(({ aliases }) => aliases.map((urn) => urn.split(":").at(-1)));
    assert.deepEqual(former, [["x-target-rule"], ["x-serviceentry"], ["x-virtualservice"]]);
  });

  it("lets a transform change each of its objects", async () => {
    const metadata = { name: "other" };
    const one = { metadata };
    const { registrations } = await rule({
      externalName,
      tls: simple,
      transform: { rule: one, serviceEntry: one, targetRule: one, virtualService: one },
    });
    const changed = registrations.filter(({ type }) => type.includes("networking.istio.io"));
    assert.deepEqual(
      changed.map(({ inputs }) => inputs.metadata),
      [metadata, metadata, metadata, metadata],
    );
  });
});
