import assert from "node:assert/strict";
import { diffPostures } from "../../../cli/posture/diff.js";
import { changeLinesOf } from "../../../cli/posture/change-lines.js";
import { postureOf } from "../../../cli/posture/posture.js";
import type { KubeObject } from "../../../mesh/index.js";
import { rule, serviceEntry, virtualService } from "../../mesh/objects.js";

const HOST = "h.example.com";
const before: KubeObject[] = [
  serviceEntry("shop", "h", {
    hosts: [HOST],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
  }),
  rule("shop", "h", {
    host: HOST,
    trafficPolicy: { tls: { mode: "SIMPLE", sni: HOST, subjectAltNames: [HOST] } },
  }),
];
const toSubset = virtualService("shop", "h", {
  hosts: [HOST],
  http: [{ route: [{ destination: { host: HOST, subset: "v2" } }] }],
});

describe("the call in a posture", () => {
  const clients = [{ namespace: "shop" }];

  it("is left out where the cluster says all", () => {
    const [row] = postureOf(before, {}, clients);
    assert.equal(row?.tls, "SIMPLE");
    assert.equal(row.call, undefined);
  });

  it("is a change where its way is another, though no rule is", () => {
    const posture = (objects: KubeObject[]) => ({
      source: "files",
      rows: postureOf(objects, {}, clients),
      notes: [],
    });
    const changes = diffPostures(posture(before), posture([...before, toSubset]));
    const [line] = changeLinesOf(changes);
    assert.deepEqual(line?.what, [
      `call: as its cluster says → fails; the client → outbound|80|v2|${HOST}, which isn't there (NC) (VirtualService shop/h)`,
    ]);
  });
});
