import assert from "node:assert/strict";
import fc from "fast-check";
import type { CatalogueError } from "../../catalogue/catalogue.js";
import { parseCatalogue, type CatalogueAlias } from "../../catalogue/catalogue.js";
import { httpbin, mistakes, originating, wikipedia } from "./examples.js";
import { DEFAULT_FACTS, type MeshFacts } from "../../mesh/index.js";
import { runs } from "../runs.js";

const aliasOf = (value: unknown): CatalogueAlias =>
  parseCatalogue({ clients: [], aliases: [value] }, "Pulumi.dev.yaml").aliases[0]!;

describe("a catalogue", () => {
  it("knows Istio's own defaults", () => {
    const catalogue = parseCatalogue({ clients: [], aliases: [] }, "Pulumi.dev.yaml");
    const mesh: MeshFacts = catalogue.mesh;
    assert.deepEqual(mesh, DEFAULT_FACTS);
    assert.deepEqual([catalogue.clients, catalogue.aliases], [[], []]);
  });

  // Without them an update would delete everything that is there.
  for (const [what, value] of [
    ["isn't written", undefined],
    ["has no value", null],
  ]) {
    it(`isn't taken for an empty one where a list ${what as string}`, () => {
      const wanting = (key: string, of: string) =>
        `Pulumi.dev.yaml: istio-egress:catalogue.${key}: ${value === null ? "is null" : "missing"}; ` +
        `write a list of ${of}, or [] if there are none`;
      assert.throws(() => parseCatalogue({ clients: value, aliases: value }, "Pulumi.dev.yaml"), {
        message: `${wanting("clients", "clients")}\n${wanting("aliases", "aliases")}`,
      });
      assert.throws(() => parseCatalogue({ clients: [], aliases: value }, "Pulumi.dev.yaml"), {
        message: wanting("aliases", "aliases"),
      });
    });
  }

  it("makes the namespaces of its clients, but for those that every cluster has", () => {
    const clients = [
      { namespace: "default", injected: true },
      { namespace: "without-istio", injected: false },
    ];
    const defaults = { name: "sleep", optOutLabel: true };
    assert.deepEqual(parseCatalogue({ clients, aliases: [] }, "x").clients, [
      { ...clients[0], ...defaults, dataplane: "sidecar", createNamespace: false },
      { ...clients[1], ...defaults, dataplane: "none", createNamespace: true },
    ]);
  });

  it("puts an alias into the namespace default, its addresses into Endpoints", () => {
    assert.deepEqual(aliasOf(wikipedia), {
      ...wikipedia,
      namespace: "default",
      endpointsApi: "Endpoints",
      externalName: undefined,
      call: { request: undefined, answer: undefined },
    });
  });

  it("keeps together what shows an alias at work", () => {
    const call = { request: "http://my-httpbin/headers", answer: "my-httpbin" };
    assert.deepEqual(aliasOf({ ...httpbin, ...call }).call, call);
  });

  it("asks for and checks the external name itself, where SIMPLE says no other", () => {
    const tls = { mode: "SIMPLE", sni: "httpbin.org", subjectAltNames: ["httpbin.org"] };
    assert.deepEqual(aliasOf({ ...originating, tls: { mode: "SIMPLE" } }).tls, {
      ...tls,
      caCertificates: undefined,
    });
  });

  it("checks for the name that it asks for", () => {
    const tls = { mode: "SIMPLE", sni: "eu.httpbin.org" };
    assert.deepEqual(aliasOf({ ...originating, tls }).tls, {
      ...tls,
      subjectAltNames: ["eu.httpbin.org"],
      caCertificates: undefined,
    });
  });

  it("takes client certificates from files, or from a Secret for selected workloads", () => {
    const server = { sni: "httpbin.org", subjectAltNames: ["httpbin.org"] };
    const files = { clientCertificate: "/c/tls.crt", privateKey: "/c/tls.key" };
    assert.deepEqual(aliasOf({ ...originating, tls: { mode: "MUTUAL", ...files } }).tls, {
      mode: "MUTUAL",
      ...server,
      caCertificates: undefined,
      ...files,
    });
    const secret = { credentialName: "client", workloadSelector: { app: "sleep" } };
    assert.deepEqual(aliasOf({ ...originating, tls: { mode: "MUTUAL", ...secret } }).tls, {
      mode: "MUTUAL",
      ...server,
      ...secret,
    });
  });

  it("lets aliases in two namespaces share a target, if they agree on it", () => {
    const aliases = [httpbin, { ...httpbin, namespace: "payments" }];
    assert.deepEqual(mistakes({ aliases }), []);
  });

  it("lets aliases differ on a target before Istio 1.21, where each has its own cluster", () => {
    const aliases = [httpbin, { ...httpbin, name: "other", ports: [{ name: "http", port: 8080 }] }];
    assert.deepEqual(mistakes({ mesh: { istioVersion: "1.20" }, aliases }), []);
    assert.equal(mistakes({ aliases }).length, 1);
  });
});

describe("all mistakes of a catalogue", () => {
  it("are reported at once, those of one entry together, each with file and key", () => {
    const catalogue = {
      mesh: { istioVersion: 1.3 },
      aliases: [
        { name: "x", ports: [{ name: "web", port: 70000 }], tls: { mode: "ISTIO_MUTUAL" } },
        { ...wikipedia, addresses: ["127.0.0.1"], endpoints: "Endpoints" },
      ],
      clients: [{ namespace: "Bad", injected: true }],
    };
    assert.throws(
      () => parseCatalogue(catalogue, "Pulumi.staging.yaml"),
      ({ message }: CatalogueError) => {
        const keys = message.split("\n").map((line) => line.split(": ").slice(0, 2).join(" "));
        const at = "Pulumi.staging.yaml istio-egress:catalogue";
        assert.deepEqual(keys, [
          `${at}.mesh.istioVersion`,
          `${at}.clients[0].namespace`,
          `${at}.aliases[0].ports[0].name`,
          `${at}.aliases[0].ports[0].port`,
          `${at}.aliases[0].tls.mode`,
          `${at}.aliases[0]`,
          `${at}.aliases[1].addresses[0]`,
          `${at}.aliases[1].endpoints`,
        ]);
        return true;
      },
    );
  });

  for (const [what, value, message] of [
    ["nothing", undefined, "missing; write the clients and aliases of this stack"],
    ["null", null, "missing; write the clients and aliases of this stack"],
    ["text", "dev", 'is "dev"; write an object with mesh, clients, aliases, files, guard'],
    ["a list", [], "is a list; write an object with mesh, clients, aliases, files, guard"],
  ] as const) {
    it(`are one if it is ${what}`, () => assert.deepEqual(mistakes(value), [["", message]]));
  }

  it("are reported, never thrown as anything else, whatever stands there", () => {
    const alias = fc.record(
      {
        name: fc.oneof(fc.constant("a"), fc.anything()),
        namespace: fc.anything(),
        externalName: fc.oneof(fc.constant("example.com"), fc.string(), fc.anything()),
        addresses: fc.oneof(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), fc.anything()),
        ports: fc.oneof(
          fc.array(fc.record({ name: fc.constant("http"), port: fc.integer() })),
          fc.anything(),
        ),
        tls: fc.oneof(
          fc.record({ mode: fc.constantFrom("DISABLE", "SIMPLE", "MUTUAL"), sni: fc.anything() }),
          fc.anything(),
        ),
        exportTo: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const section = (entry: fc.Arbitrary<unknown>) =>
      fc.oneof(fc.array(fc.oneof(entry, fc.anything())), fc.anything());
    const client = fc.record({ namespace: fc.string(), injected: fc.boolean() });
    const catalogue = fc.record(
      { mesh: fc.anything(), clients: section(client), aliases: section(alias) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(catalogue, fc.anything()), (value) => {
        for (const [, message] of mistakes(value)) assert.match(message, /; (write|leave|remove)/);
      }),
      { numRuns: runs(200) },
    );
  });
});
