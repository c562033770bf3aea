import assert from "node:assert/strict";
import { parseCatalogue } from "../../../catalogue/catalogue.js";
import { EgressAlias } from "../../../components/egressAlias.js";
import type { Location } from "../../../components/alias/location.js";
import { httpbin, mistakes, wikipedia } from "../../catalogue/examples.js";
import { find, run } from "../mocks.js";

const name = { ...httpbin, inside: { service: "httpbin", namespace: "apps" } };
const addresses = {
  ...wikipedia,
  endpointsApi: "EndpointSlice",
  inside: { selector: { app: "wiki" }, targetPorts: { tls: 8443 } },
};

/** What the program makes of an alias of the catalogue, at one of the two places. */
async function registered(alias: object, location: Location) {
  const catalogue = parseCatalogue(
    { clients: [], aliases: [{ ...alias, location }] },
    "Pulumi.dev.yaml",
  );
  const { call, ...args } = catalogue.aliases[0]!;
  assert.deepEqual(call, { request: undefined, answer: undefined });
  const { registrations } = await run(() => new EgressAlias("x", args));
  const objects = registrations.map(({ inputs }) => String(inputs.kind));
  const specOf = (kind: string) => find(registrations, kind).inputs.spec as Record<string, unknown>;
  const metadata = find(registrations, "Service").inputs.metadata as { annotations?: unknown };
  return { objects, specOf, annotations: metadata.annotations };
}

describe("an alias that may move", () => {
  it("changes nothing but the external name when it is one", async () => {
    const outside = await registered(name, "outside");
    const inside = await registered(name, "inside");
    assert.deepEqual(inside.objects, outside.objects);
    // Both times: the provider could remember the old name if it waited.
    for (const { annotations } of [outside, inside]) {
      assert.deepEqual(annotations, { "pulumi.com/skipAwait": "true" });
    }
    assert.equal(outside.specOf("Service").externalName, "httpbin.org");
    assert.deepEqual(inside.specOf("Service"), {
      ...outside.specOf("Service"),
      externalName: "httpbin.apps.svc.cluster.local",
    });
    // The target outside stays known, so that the way back is as short.
    assert.deepEqual(inside.specOf("ServiceEntry"), outside.specOf("ServiceEntry"));
  });

  it("selects no Pod while its addresses are outside, and nobody waits for one", async () => {
    const { objects, specOf, annotations } = await registered(addresses, "outside");
    assert.ok(objects.includes("EndpointSlice"));
    assert.deepEqual(specOf("Service").selector, { "istio-egress/location": "outside" });
    assert.deepEqual(annotations, { "pulumi.com/skipAwait": "true" });
  });

  it("selects its Pods inside, has no address of its own, and waits until they are ready", async () => {
    const { objects, specOf, annotations } = await registered(addresses, "inside");
    assert.ok(!objects.includes("EndpointSlice") && !objects.includes("Endpoints"));
    assert.deepEqual(specOf("Service"), {
      ports: [{ name: "tls", protocol: "TCP", port: 443, targetPort: 8443 }],
      selector: { app: "wiki" },
    });
    assert.equal(annotations, undefined);
  });

  it("has one rule for both places, which leaves it to Istio who can speak its TLS", async () => {
    for (const location of ["outside", "inside"] as const) {
      const { specOf } = await registered(addresses, location);
      assert.deepEqual(specOf("DestinationRule"), {
        host: "my-wikipedia.default.svc.cluster.local",
      });
    }
  });
});

const MISTAKES: [what: string, alias: object, key: string, message: RegExp][] = [
  ["inside, of which nothing is said", { ...httpbin, location: "inside" }, "inside", /^missing/],
  [
    "Pods for an external name",
    { ...httpbin, inside: { service: "x", selector: { app: "x" } } },
    "inside.selector",
    /^means nothing for an alias with externalName/,
  ],
  ["no Service for an external name", { ...httpbin, inside: {} }, "inside.service", /^missing/],
  [
    "a Service for addresses",
    { ...addresses, inside: { selector: { app: "wiki" }, service: "x" } },
    "inside.service",
    /^means nothing for an alias with addresses/,
  ],
  ["no Pods for addresses", { ...addresses, inside: {} }, "inside.selector", /^missing/],
  [
    "labels that select every Pod",
    { ...addresses, inside: { selector: {} } },
    "inside.selector",
    /^is empty/,
  ],
  [
    "Endpoints, which Kubernetes drops too early",
    { ...addresses, endpointsApi: undefined },
    "endpointsApi",
    /write EndpointSlice, and move after that is up$/,
  ],
  [
    "TLS that the Pods inside wouldn't speak",
    {
      ...addresses,
      ports: [{ name: "http", port: 8080 }],
      tls: { mode: "SIMPLE", sni: "en.wikipedia.org" },
      inside: { selector: { app: "wiki" } },
    },
    "tls.mode",
    /^SIMPLE would be spoken to the Pods inside as well/,
  ],
  [
    "a port that isn't there",
    { ...addresses, inside: { selector: { app: "wiki" }, targetPorts: { http: 80 } } },
    "inside.targetPorts.http",
    /^no port has this name; write tls$/,
  ],
];

describe("an alias that can't move is reported before anything is changed:", () => {
  for (const [what, alias, key, message] of MISTAKES) {
    it(what, () => {
      const [[at, text] = assert.fail("no mistake"), ...others] = mistakes({ aliases: [alias] });
      assert.equal(at, `aliases[0].${key}`);
      assert.match(text, message);
      assert.deepEqual(others, []);
    });
  }

  it("a name before Istio 1.21, where its TLS would go along", () => {
    const mesh = { istioVersion: "1.20" };
    const [[key, text] = assert.fail("no mistake")] = mistakes({ mesh, aliases: [name] });
    assert.equal(key, "aliases[0].inside");
    assert.match(text, /move to Istio 1\.21 first$/);
  });
});
