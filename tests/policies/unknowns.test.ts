import assert from "node:assert/strict";
import { UNKNOWN } from "../../mesh/index.js";
import { hasUnknown, knownValues } from "../../policies/unknowns.js";
import { placeholders, unknown, unknownCheckingProxy } from "../harness/index.js";

describe("values that a preview doesn't know", () => {
  const properties = {
    metadata: { name: "r", labels: { known: "yes", unknown } },
    spec: { host: unknown, ports: [{ number: 443 }, unknown, { number: unknown }], weight: 0 },
    data: unknown,
    nothing: null,
  };
  const expected = {
    metadata: { name: "r", labels: { known: "yes", unknown: UNKNOWN } },
    spec: { host: UNKNOWN, ports: [{ number: 443 }, UNKNOWN, { number: UNKNOWN }], weight: 0 },
    data: UNKNOWN,
    nothing: null,
  };

  it("are UNKNOWN one by one, and hide nothing beside them (raw)", () => {
    assert.deepEqual(knownValues(properties), expected);
  });

  it("are UNKNOWN one by one, and hide nothing beside them (proxied)", () => {
    assert.deepEqual(knownValues(unknownCheckingProxy(properties)), expected);
  });

  for (const [type, placeholder] of Object.entries(placeholders as Record<string, unknown>)) {
    if (!type.startsWith("unknown") || typeof placeholder !== "string") continue;
    it(`are known by the engine's placeholder: ${type}`, () => {
      const value = { value: placeholder };
      assert.deepEqual(knownValues(value), { value: UNKNOWN });
      assert.deepEqual(knownValues(unknownCheckingProxy(value)), { value: UNKNOWN });
    });
  }

  it("are found wherever they are", () => {
    assert.equal(hasUnknown(expected), true);
    assert.equal(hasUnknown({ a: [{ b: 1 }], c: null }), false);
  });

  it("don't swallow other errors", () => {
    const broken = {
      get value(): never {
        throw new TypeError("broken");
      },
    };
    assert.throws(() => knownValues(broken), TypeError);
  });
});
