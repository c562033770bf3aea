import assert from "node:assert/strict";
import { parseMeshLine, UnreadableLine } from "../../../cli/input/mesh-line.js";

describe("one line of a stream of meshes", () => {
  it("takes the whole form", () => {
    const line = {
      id: "a",
      objects: [{ apiVersion: "v1", kind: "Service", metadata: { name: "s" } }],
      clients: [{ namespace: "default", labels: { app: "web" }, gateway: true }],
      mesh: {
        istioVersion: "1.31",
        rootNamespace: "istio-system",
        clusterDomain: "cluster.local",
        enableAutoMtls: true,
        defaultDestinationRuleExportTo: ["*"],
        defaultServiceExportTo: ["."],
        defaultVirtualServiceExportTo: ["n"],
      },
    };
    assert.deepEqual(parseMeshLine(JSON.stringify(line)), line);
  });

  it("leaves clients and facts to their defaults, and passes over an asker's own keys", () => {
    const read = parseMeshLine('{"objects":[],"note":"mine"}');
    assert.deepEqual(read, { id: null, objects: [], mesh: {} });
    assert.ok(!("clients" in read));
  });

  const unreadable: [story: string, line: string, id: unknown, message: RegExp][] = [
    ["not JSON", "nope", null, /^not JSON: /],
    ["not an object", "[]", null, /expected object/],
    ["no objects", '{"id":"a"}', "a", /^objects: .*expected array/],
    [
      "an object without a kind",
      '{"id":"a","objects":[{"apiVersion":"v1"}]}',
      "a",
      /^objects\[0\]\.kind: expected text such as "Service", found nothing$/,
    ],
    [
      "a Service with a number as name",
      '{"id":7,"objects":[{"apiVersion":"v1","kind":"Service","metadata":{"name":1}}]}',
      7,
      /^objects\[0\]\.metadata\.name: expected text/,
    ],
    [
      "a client without a namespace",
      '{"id":"a","objects":[],"clients":[{}]}',
      "a",
      /^clients\[0\]\.namespace: /,
    ],
    [
      "a client's unknown key",
      '{"id":"a","objects":[],"clients":[{"namespace":"x","label":{}}]}',
      "a",
      /^clients\[0\]: .*"label"/,
    ],
    [
      "a fact that there isn't",
      '{"id":"a","objects":[],"mesh":{"istioversion":"1.20"}}',
      "a",
      /^mesh: .*"istioversion"/,
    ],
    [
      "a version that isn't one",
      '{"id":"a","objects":[],"mesh":{"istioVersion":"1.31foo"}}',
      "a",
      /^mesh\.istioVersion: "1\.31foo" isn't a version of Istio; write one such as "1\.31"$/,
    ],
  ];
  for (const [story, line, id, message] of unreadable) {
    it(`refuses ${story}, with the id if there is one`, () => {
      assert.throws(
        () => parseMeshLine(line),
        (error) => {
          assert.ok(error instanceof UnreadableLine);
          assert.equal(error.id, id);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});
