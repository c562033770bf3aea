import assert from "node:assert/strict";
import { clustersOf, judge, readMesh, UNKNOWN, type KubeObject } from "../../../mesh/index.js";
import { IM, rule, serviceEntry, sidecar, virtualService } from "../objects.js";

const PARTNER = "api.partner.example";

/** Namespace shop imports nothing but its own, and everything is told to use Istio's mutual TLS. */
const SHOP: KubeObject[] = [
  serviceEntry("egress", "partner", {
    hosts: [PARTNER],
    resolution: "DNS",
    ports: [{ number: 443, name: "tls", protocol: "TLS" }],
  }),
  rule("istio-system", "all", { host: "*", ...IM }),
  sidecar("shop", "default", { egress: [{ hosts: ["./*"] }] }),
];

interface Root {
  delegate?: unknown;
  mirror?: object;
  match?: object[];
}

/** A VirtualService of namespace shop with one route, which delegates. */
function root({ delegate = { name: "partner", namespace: "egress" }, ...rest }: Root = {}) {
  return virtualService("shop", "root", { hosts: ["api.shop"], http: [{ delegate, ...rest }] });
}

/** The one that it delegates to. */
function delegate(route: object = {}, spec: object = {}): KubeObject {
  const to = { route: [{ destination: { host: PARTNER } }], ...route };
  return virtualService("egress", "partner", { http: [to], ...spec });
}

function hostsFor(namespace: string, ...objects: KubeObject[]): string[] {
  const mesh = readMesh([...SHOP, ...objects]);
  return clustersOf(mesh, { namespace, labels: {} }).map(({ host }) => host);
}

describe("a VirtualService that delegates", () => {
  it("brings along what its delegate routes to", () => {
    assert.deepEqual(hostsFor("shop", root(), delegate()), [PARTNER]);
    const [verdict] = judge(readMesh([...SHOP, root(), delegate()]), [
      { namespace: "shop", labels: {} },
    ]);
    assert.equal(verdict?.verdict, "violation");
  });

  it("brings along nothing of one that isn't there, has hosts, or is hidden from its namespace", () => {
    assert.deepEqual(hostsFor("shop", root()), []);
    assert.deepEqual(hostsFor("shop", root(), delegate({}, { hosts: ["a.egress"] })), []);
    assert.deepEqual(hostsFor("shop", root(), delegate({}, { exportTo: ["."] })), []);
    assert.deepEqual(hostsFor("shop", root(), delegate({}, { exportTo: ["shop"] })), [PARTNER]);
    assert.deepEqual(hostsFor("shop", delegate()), []);
  });

  it("looks for it in its own namespace first, and completes names with the delegate's", () => {
    const local = virtualService("shop", "partner", { http: [{ route: [] }] });
    assert.deepEqual(
      hostsFor("shop", root({ delegate: { name: "partner" } }), local, delegate()),
      [],
    );
    const named = delegate({ route: [{ destination: { host: "w" } }] });
    const entry = serviceEntry("egress", "w", {
      hosts: ["w.egress.svc.cluster.local"],
      resolution: "STATIC",
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
    });
    assert.deepEqual(hostsFor("shop", root(), named, entry), ["w.egress.svc.cluster.local"]);
  });

  it("holds for the callers that both matches leave", () => {
    const from = (sourceNamespace: string) => ({ match: [{ sourceNamespace }] });
    assert.deepEqual(hostsFor("shop", root(from("x")), delegate()), []);
    assert.deepEqual(hostsFor("shop", root(), delegate(from("x"))), []);
    assert.deepEqual(hostsFor("shop", root(from("x")), delegate(from("shop"))), []);
    assert.deepEqual(hostsFor("shop", root(from("shop")), delegate(from("shop"))), [PARTNER]);
  });

  it("mirrors where the delegate says nothing of mirrors", () => {
    const [mirror, nowhere] = [{ host: PARTNER }, { host: "nowhere" }];
    assert.deepEqual(hostsFor("shop", root({ mirror }), delegate({ route: [] })), [PARTNER]);
    assert.deepEqual(
      hostsFor("shop", root({ mirror }), delegate({ route: [], mirror: nowhere })),
      [],
    );
  });

  it("may bring along anything where its delegate isn't known", () => {
    const answer = (...objects: KubeObject[]) =>
      judge(readMesh([...SHOP, ...objects]), [{ namespace: "shop", labels: {} }]).map(
        ({ verdict }) => verdict,
      );
    assert.deepEqual(answer(root({ delegate: UNKNOWN }), delegate()), ["undecided"]);
    const unnamed = { ...delegate(), metadata: { namespace: "egress", name: UNKNOWN } };
    assert.deepEqual(answer(root(), unnamed as KubeObject), ["undecided"]);
    assert.deepEqual(answer(root(), delegate({}, { hosts: UNKNOWN })), ["undecided"]);
  });
});
