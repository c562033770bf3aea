import assert from "node:assert/strict";
import { postureOf } from "../../../cli/posture/posture.js";
import type { KubeObject } from "../../../mesh/index.js";
import { endpoints, HTTPS, IM, OFF, rule, service, serviceEntry } from "../../mesh/objects.js";

const NAMESPACES = 4;

/** An alias and its rule; one rule in ten is wrong. */
type Shape = (namespace: string, name: string, address: string) => [host: string, KubeObject[]];

const entryOf = (more: object): Shape => {
  return (namespace, name, address) => {
    const host = `${name}.example.org`;
    const spec = { hosts: [host], location: "MESH_EXTERNAL", ...more };
    const isStatic = "resolution" in more && more.resolution === "STATIC";
    const behind = isStatic ? { endpoints: [{ address }] } : {};
    return [host, [serviceEntry(namespace, name, { ...spec, ...behind })]];
  };
};

const SHAPES: [story: string, shape: Shape][] = [
  [
    "Services with addresses of their own",
    (namespace, name, ip) => [
      `${name}.${namespace}.svc.cluster.local`,
      [service(namespace, name, { ports: [HTTPS] }), endpoints(namespace, name, { ip })],
    ],
  ],
  [
    "names that proxies look up",
    entryOf({ resolution: "DNS", ports: [{ number: 443, name: "tls", protocol: "TLS" }] }),
  ],
  [
    "entries that share a port's listener, of which the oldest is called",
    entryOf({ resolution: "STATIC", ports: [{ number: 5432, name: "tcp", protocol: "TCP" }] }),
  ],
];

function objectsOf(shape: Shape, count: number): KubeObject[] {
  return Array.from({ length: count }, (_, index) => {
    const [namespace, name] = [`team-${index % NAMESPACES}`, `alias-${index}`];
    const [host, alias] = shape(namespace, name, `198.18.${index >> 8}.${index & 255}`);
    return [...alias, rule(namespace, name, { host, ...(index % 10 === 1 ? IM : OFF) })];
  }).flat();
}

/** How often the content of some object is looked at. */
function looksAt(objects: readonly KubeObject[]): { looks: number; rows: number } {
  let looks = 0;
  const watched = objects.map((object) => {
    const copy = {} as KubeObject;
    for (const [name, value] of Object.entries<unknown>(object)) {
      const get = () => {
        looks++;
        return value;
      };
      Object.defineProperty(copy, name, { get, enumerable: true });
    }
    return copy;
  });
  const rows = postureOf(watched).length;
  return { looks, rows };
}

describe("the cost of a posture", () => {
  for (const [story, shape] of SHAPES) {
    it(`grows as the objects do: ${story}`, () => {
      const few = looksAt(objectsOf(shape, 100));
      const many = looksAt(objectsOf(shape, 200));
      const growth = many.looks / few.looks;
      assert.ok(many.rows >= 200 * NAMESPACES);
      assert.ok(growth < 2.1, `${few.looks} looks became ${many.looks}`);
    });
  }
});
