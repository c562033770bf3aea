import assert from "node:assert/strict";
import { judge, readMesh, UNKNOWN, type KubeObject } from "../../../mesh/index.js";
import { endpoints, IM, OFF, rule, service, sidecar, tls, W, W_HOST } from "../objects.js";

const NOT_ALL_VALUES = "more values aren't known than can be tried in all combinations";
const NOT_ALL_ORDERS = "there are more orders of creation than can be tried";

function many(count: number, make: (index: number) => KubeObject): KubeObject[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Some of five namespaces, by the bits of a number. */
function namespacesBy(index: number): string[] {
  return ["x", "y", "z", "o", "p"].filter((_, bit) => ((index + 1) >> bit) % 2 === 1);
}

function said(objects: KubeObject[], namespace: string) {
  const verdicts = judge(readMesh(objects), [{ namespace }]);
  return verdicts.map(({ verdict, reason, witnesses }) => [verdict, reason, witnesses]);
}

/** Rules that are merged into something else for each order, none of which says ISTIO_MUTUAL. */
const merged = many(12, (index) =>
  rule("n", `r${index}`, {
    host: W_HOST,
    ...(index % 2 === 0 ? tls({ mode: "SIMPLE", sni: `s${index}` }) : OFF),
    exportTo: namespacesBy(index),
  }),
);
const withoutPorts = [service("n", "w", {}), endpoints("n", "w")];

describe("more than can be tried", () => {
  const own = rule("c", "own", { host: W_HOST, ...OFF });

  it("is undecided for what six Sidecars import that isn't known, though none need go wrong", () => {
    const sidecars = many(6, (index) =>
      sidecar("c", `s${index}`, {
        workloadSelector: { labels: { app: `a${index}` } },
        egress: [{ hosts: [UNKNOWN] }],
      }),
    );
    const mutual = rule("n", "im", { host: W_HOST, ...IM });
    const found = said([...W, own, mutual, ...sidecars], "c");
    assert.deepEqual(found, [["undecided", NOT_ALL_VALUES, undefined]]);
  }).timeout(20_000);

  it("is undecided for nine rules of unknown hosts that are exported differently", () => {
    const rules = many(9, (index) =>
      rule("n", `r${index}`, {
        host: UNKNOWN,
        exportTo: ["c", ...namespacesBy(index)],
        ...(index === 2 ? IM : OFF),
      }),
    );
    const found = said([...W, own, ...rules], "c");
    assert.deepEqual(found, [["undecided", NOT_ALL_VALUES, undefined]]);
  }).timeout(20_000);

  it("is undecided for twelve rules of known hosts that are merged by their age", () => {
    const mutual = rule("istio-system", "im", { host: "*", ...IM });
    const found = said([...withoutPorts, mutual, ...merged], "x");
    assert.deepEqual(found, [["undecided", NOT_ALL_ORDERS, undefined]]);
  }).timeout(20_000);

  it("is decided where nothing that was left out could say ISTIO_MUTUAL", () => {
    assert.deepEqual(said([...withoutPorts, ...merged], "x"), [["ok", undefined, undefined]]);
  }).timeout(20_000);
});
