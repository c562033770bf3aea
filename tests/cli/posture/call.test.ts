import assert from "node:assert/strict";
import { postureMarkdown } from "../../../cli/posture/markdown.js";
import { postureMermaid } from "../../../cli/posture/mermaid.js";
import { diffPostures } from "../../../cli/posture/diff.js";
import { changeLinesOf } from "../../../cli/posture/change-lines.js";
import { postureOf } from "../../../cli/posture/posture.js";
import type { KubeObject } from "../../../mesh/index.js";
import { rule, serviceEntry, virtualService } from "../../mesh/objects.js";
import { posture as postureWith, row } from "./rows.js";

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

  it("is told in Markdown and on the edges of the graph", () => {
    const posture = {
      source: "files",
      rows: postureOf([...before, toSubset], {}, clients),
      notes: [],
    };
    assert.match(
      postureMarkdown(posture),
      /\n\n- call from shop to shop\/h, port 80: fails; the client → outbound/,
    );
    assert.match(postureMermaid(posture), /80 SIMPLE, call: fails/);
  });

  it("names the gateway that it goes over on the edge of the graph", () => {
    const call =
      "as-declared; the client → outbound|80||egress, ISTIO_MUTUAL; gateway Gateway n/out → outbound|443||h.org, SIMPLE";
    assert.match(
      postureMermaid(postureWith(row({ call }))),
      /443 PLAIN, call: as-declared over n\/out/,
    );
  });
});
