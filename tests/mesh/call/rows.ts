import assert from "node:assert/strict";
import {
  outcomesOf,
  readMesh,
  type Call,
  type KubeObject,
  type MeshFacts,
} from "../../../mesh/index.js";
import { serviceEntry, W_HOST } from "../objects.js";

/** One call and what comes of it. */
export interface Row {
  it: string;
  objects: KubeObject[];
  facts?: Partial<MeshFacts>;
  call: Partial<Call>;
  outcomes: unknown;
}

export const cluster = (name: string, tlsOfCluster = "none", more = {}) => [
  { via: "cluster", cluster: name, tls: tlsOfCluster, ...more },
];
export const PASSTHROUGH = [{ via: "passthrough" }];
export const outside = (
  namespace: string,
  name: string,
  host: string,
  ports: object[],
  more = {},
) =>
  serviceEntry(namespace, name, {
    hosts: [host],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ports,
    ...more,
  });
export const SE_HTTP = { number: 80, name: "http", protocol: "HTTP" };
export const SE_HTTPS = { number: 443, name: "https", protocol: "HTTPS" };
export const SE_TCP = { number: 5432, name: "tcp-pg", protocol: "TCP" };

export function check(rows: readonly Row[]): void {
  for (const { it: story, objects, facts, call, outcomes } of rows) {
    it(story, () => {
      const mesh = readMesh(objects, facts);
      const asked: Call = {
        client: { namespace: "shop" },
        address: W_HOST,
        port: 443,
        sends: "tls",
        ...call,
      };
      assert.deepEqual(outcomesOf(mesh, asked), outcomes);
    });
  }
}
