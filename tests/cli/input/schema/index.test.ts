import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../../../local/toolchain/cache.js";
import { Environment } from "@marcbachmann/cel-js";
import { kindsOf, type Schema, schemasJson } from "../../../../cli/input/schema/crds.js";
import { NOT_EVALUATED } from "../../../../cli/input/schema/rules.js";
import { nearest } from "../../../../cli/input/schema/suggestions.js";
import { parseManifests } from "../../../../cli/input/manifests.js";
import gatewaySchemas from "../../../../cli/input/schema/gateway-schemas.json";
import { KINDS } from "../../../../mesh/index.js";
import { CORE_OBJECTS } from "./core-objects.js";
import { GATEWAY_OBJECTS } from "./gateway-objects.js";
import { INVALID } from "./invalid-objects.js";

function messageFor(text: string): string {
  try {
    return `read: ${[...parseManifests(text, "f.yaml")].length}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function document(kind: string, spec: string, metadata = "{name: a, namespace: shop}"): string {
  const group = kind === "PeerAuthentication" ? "security" : "networking";
  return `apiVersion: ${group}.istio.io/v1\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`;
}

describe("objects that the API server refuses", () => {
  for (const [story, kind, spec, message] of INVALID) {
    it(`refuses ${story} in a ${kind}`, () => {
      const said = messageFor(document(kind, spec));
      assert.equal(said.replace(/^f\.yaml:\d+:\d+: /, ""), message);
    });
  }

  for (const [story, text, message] of [...CORE_OBJECTS, ...GATEWAY_OBJECTS]) {
    it(`${message === undefined ? "reads" : "refuses"} ${story}`, () => {
      const said = messageFor(text);
      assert.equal(said.replace(/^f\.yaml:\d+:\d+: /, ""), message ?? "read: 1");
    });
  }

  it("reads what an API server of a newer Kubernetes has given out", () => {
    const given =
      "apiVersion: v1\nkind: Service\nmetadata: {name: a, uid: 7f2a}\nspec: {newer: {}, ports: [{port: 1}]}\n";
    assert.equal(messageFor(given), "read: 1");
    assert.match(messageFor(given.replace("port: 1", "port: 0")), /0 is no port/);
  });

  const heads: [story: string, text: string, message: string][] = [
    [
      "a version that there isn't",
      "apiVersion: networking.istio.io/v2\nkind: Sidecar\nmetadata: {name: a}\n",
      "f.yaml:1:13: apiVersion: there is no Sidecar of networking.istio.io/v2; write networking.istio.io/v1 or networking.istio.io/v1alpha3 or networking.istio.io/v1beta1",
    ],
    [
      "a group that is another's",
      "apiVersion: v1\nkind: DestinationRule\nmetadata: {name: a}\n",
      "f.yaml:1:13: apiVersion: DestinationRule isn't of v1; write networking.istio.io/v1",
    ],
    [
      "a kind that there isn't",
      "apiVersion: networking.istio.io/v1\nkind: DestinationRole\nmetadata: {name: a}\n",
      "f.yaml:2:7: kind: networking.istio.io has no DestinationRole; write DestinationRule",
    ],
    [
      "a kind in small letters",
      "apiVersion: v1\nkind: service\nmetadata: {name: a}\n",
      "f.yaml:2:7: kind: there is no kind service; write Service",
    ],
    [
      "no name",
      "apiVersion: v1\nkind: Service\nmetadata:\n  labels: {}\n",
      "f.yaml:4:3: metadata: name is missing",
    ],
    [
      "a field of metadata that there isn't",
      document("Sidecar", "{}", "{name: a, namspace: shop}"),
      "f.yaml:3:21: metadata.namspace: there is no such field; write namespace",
    ],
    [
      "a line break in a name",
      document("Sidecar", "{}", '{name: "a\\nb"}'),
      'f.yaml:3:18: metadata.name: "a\\nb" isn\'t a name that Kubernetes takes: write lower-case letters, digits and "-" (or ".", but for a Service), at most 63 in a row',
    ],
    [
      "a label that isn't text",
      document("Sidecar", "{}", "{name: a, labels: {v: 1}}"),
      "f.yaml:3:33: metadata.labels.v: expected text (put it in quotes), found a number",
    ],
    [
      "a field beside spec",
      `${document("Sidecar", "{}")}specc: {}\n`,
      "f.yaml:5:1: specc: there is no such field; write spec",
    ],
  ];
  for (const [story, text, message] of heads) {
    it(`refuses ${story}, and says where`, () => assert.equal(messageFor(text), message));
  }

  const valid: [story: string, text: string][] = [
    [
      "a null where a field may be left out",
      document("DestinationRule", "{host: h, trafficPolicy: null}"),
    ],
    [
      "a name that is a host",
      document("ServiceEntry", "{hosts: [h.example]}", "{name: h.example}"),
    ],
    [
      "443 as the API server gets it",
      document("ServiceEntry", "{hosts: [h.example], ports: [{name: p, number: 0673}]}"),
    ],
    [
      "a duration",
      document(
        "DestinationRule",
        `{host: h, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 10s}}}}`,
      ),
    ],
    [
      "a Service of another group",
      "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {}\n",
    ],
    [
      "ports of some workloads",
      document(
        "PeerAuthentication",
        '{selector: {matchLabels: {a: b}}, portLevelMtls: {"80": {mode: STRICT}}}',
      ),
    ],
  ];
  for (const [story, text] of valid) {
    it(`reads ${story}`, () => assert.equal(messageFor(text), "read: 1"));
  }

  it("says of JSON where it is wrong, too", () => {
    const json = JSON.stringify(
      {
        apiVersion: "networking.istio.io/v1",
        kind: "Sidecar",
        metadata: { name: "a" },
        spec: { egres: [] },
      },
      undefined,
      2,
    );
    assert.equal(messageFor(json), "f.yaml:8:5: spec.egres: there is no such field; write egress");
  });
});

describe("the schemas that are kept", () => {
  const text = readFileSync(
    path.join(__dirname, "../../../../cli/input/schema/schemas.json"),
    "utf8",
  );
  const kinds = JSON.parse(text) as ReturnType<typeof kindsOf>;
  const { release, kinds: gatewayKinds } = gatewaySchemas as unknown as {
    release: string;
    kinds: typeof kinds;
  };

  it("have every kind of Istio's that the model reads", () => {
    const read = Object.entries(KINDS).filter(([, { group }]) =>
      /^(networking|security)\./.test(group),
    );
    assert.deepEqual(
      read.map(([kind]) => kinds[kind]?.group),
      read.map(([, { group }]) => group),
    );
  });

  it("are of the Gateway API that the pinned Istio requires", () => {
    const pinned = readFileSync(path.join(REPOSITORY, "local/toolchain/mesh/go.mod"), "utf8");
    const [, required] = /^\s*sigs\.k8s\.io\/gateway-api (\S+)/m.exec(pinned) ?? [];
    assert.equal(release, required, "write them anew: npm run schemas");
  });

  it("have only rules that can be evaluated for the kinds that are read, or are left out", () => {
    const environment = new Environment().registerVariable("self", "dyn");
    const judged = Object.entries(kinds).filter(([kind]) => kind in KINDS);
    const rules = new Set(judged.flatMap(([, { spec }]) => rulesIn(spec)));
    assert.ok(rules.size > 10);
    for (const rule of rules) assert.doesNotMatch(rule, NOT_EVALUATED);
    const ofGateways = Object.values(gatewayKinds).flatMap(({ spec }) => rulesIn(spec));
    const evaluated = ofGateways.filter((rule) => !NOT_EVALUATED.test(rule));
    assert.ok(ofGateways.length - evaluated.length < 30);
    for (const rule of [...rules, ...evaluated]) {
      assert.doesNotThrow(() => environment.parse(rule), rule);
    }
  });

  it("are made of CustomResourceDefinitions, and refused where versions differ", () => {
    const spec = (type: Schema["type"]): Schema => ({ type, description: "words" }) as Schema;
    const version = (name: string, type: Schema["type"]) => ({
      name,
      schema: { openAPIV3Schema: { type: "object", properties: { spec: spec(type) } } },
    });
    const crd = (...versions: object[]) => ({
      kind: "CustomResourceDefinition",
      spec: { group: "networking.istio.io", names: { kind: "Thing" }, versions },
    });
    const made = kindsOf([
      null,
      { kind: "Other" },
      crd(version("v1", "object"), version("v2", "object")),
    ]);
    assert.equal(
      schemasJson(made),
      '{\n  "Thing": {"group":"networking.istio.io","versions":["v1","v2"],"spec":{"type":"object"},"isSpecRequired":false}\n}\n',
    );
    assert.throws(
      () => kindsOf([crd(version("v1", "object"), version("v2", "array"))]),
      /versions of Thing differ/,
    );
  });
});

function rulesIn(schema: Schema): string[] {
  const { properties = {}, additionalProperties, items } = schema;
  const below = [...Object.values(properties), additionalProperties ?? [], items ?? []].flat();
  const own = schema["x-kubernetes-validations"] ?? [];
  return [...own.map(({ rule }) => rule), ...below.flatMap(rulesIn)];
}

describe("the nearest word", () => {
  const cases: [word: string, nearest: string | undefined][] = [
    ["istio_mutual", "ISTIO_MUTUAL"],
    ["ISTIOMUTUAL", "ISTIO_MUTUAL"],
    ["SIMPEL", "SIMPLE"],
    ["NONE", undefined],
    ["", undefined],
  ];
  for (const [word, expected] of cases) {
    it(`to "${word}" is ${expected ?? "none"}`, () => {
      assert.equal(nearest(word, ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]), expected);
    });
  }
});
