import assert from "node:assert/strict";
import { postureOf } from "../../../cli/posture/posture.js";
import type { KubeObject } from "../../../mesh/index.js";
import { manyAliases, SHAPES } from "../../performance/posture.js";

const NAMESPACES = 4;

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
  for (const [name, shape] of Object.entries(SHAPES)) {
    it(`grows as the objects do: ${name}`, () => {
      const few = looksAt(manyAliases(shape, 250, NAMESPACES));
      const many = looksAt(manyAliases(shape, 500, NAMESPACES));
      const growth = many.looks / few.looks;
      assert.ok(many.rows > 160 * NAMESPACES);
      assert.ok(growth < 2.1, `${few.looks} looks became ${many.looks}`);
    });
  }
});
