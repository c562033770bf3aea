import assert from "node:assert/strict";
import { guardObjects } from "../../../components/guard/objects.js";
import { DEFAULT_FACTS } from "../../../mesh/index.js";

/**
 * What the guard uses of CEL, by the minor version of Kubernetes whose API server has it, as its
 * pkg/cel/environment says. An API server takes a new policy with what the version before it knew.
 */
const SINCE: Record<string, number> = {
  // CEL itself, and its library of strings.
  all: 25,
  contains: 25,
  endsWith: 25,
  exists: 25,
  filter: 25,
  has: 25,
  join: 25,
  lowerAscii: 25,
  map: 25,
  matches: 25,
  size: 25,
  split: 25,
  startsWith: 25,
  string: 25,
  substring: 25,
  // Optional values, with .? and [?].
  hasValue: 28,
  orValue: 28,
};

const OLDEST_KUBERNETES = 30;

function expressions(): string[] {
  const options = { name: "g", validationActions: ["Deny"] as const, exemptNamespaces: {} };
  const aliases = [{ name: "a", namespace: "n", externalName: "h.org", ports: [{ port: 443 }] }];
  const waivers = [{ host: "h.org", who: "w", why: "y", until: "2026-12-31" }];
  const mesh = { ...DEFAULT_FACTS, externalHosts: ["*.example.com"] };
  const { rules, addresses } = guardObjects(options, { aliases, waivers, mesh });
  return [rules, addresses].flatMap(({ policy }) => [
    ...policy.matchConditions.map(({ expression }) => expression),
    ...policy.variables.map(({ expression }) => expression),
    ...policy.validations.flatMap((one) => [one.expression, one.messageExpression]),
  ]);
}

describe("the CEL of the guard", () => {
  it("has been in Kubernetes for long enough, function by function", () => {
    const used = expressions().flatMap((expression) => {
      const code = expression.replace(/"""[\s\S]*?"""|"(\\.|[^"\\])*"/g, '""');
      return [...code.matchAll(/(\w+)\(/g)].map(([, name]) => name!);
    });
    assert.deepEqual([...new Set(used)].sort(), Object.keys(SINCE).sort());
    for (const [name, since] of Object.entries(SINCE)) {
      assert.ok(since < OLDEST_KUBERNETES, `${name} came with 1.${since}`);
    }
  });
});
