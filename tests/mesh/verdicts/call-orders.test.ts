import assert from "node:assert/strict";
import { aliasOfCall, judgeCall, readMesh, type KubeObject } from "../../../mesh/index.js";
import { IM, OFF, rule, serviceEntry, tls, virtualService } from "../objects.js";

const entry = (namespace: string, name: string, more = {}) =>
  serviceEntry(namespace, name, {
    hosts: [`${name}.org`],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ports: [
      { number: 80, name: "http", protocol: "HTTP" },
      { number: 443, name: "https", protocol: "HTTPS" },
    ],
    ...more,
  });
const route = (name: string, to: string, created?: number) =>
  virtualService(
    "n",
    name,
    { hosts: ["h.org"], http: [{ route: [{ destination: { host: to, port: { number: 80 } } }] }] },
    { created },
  );
const database = (name: string, created?: number) =>
  serviceEntry(
    "n",
    name,
    {
      hosts: [`${name}.org`],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [{ number: 5432, name: "tcp", protocol: "TCP" }],
    },
    { created },
  );

function verdictOf(objects: KubeObject[], call: { port: number; sends: "http" | "tcp" }, to = "h") {
  const asked = { client: { namespace: "shop" }, address: `${to}.org`, ...call };
  const mesh = readMesh(objects);
  return judgeCall(mesh, asked, aliasOfCall(mesh, asked));
}

const HTTP = { port: 80, sends: "http" as const };
const TCP = { port: 5432, sends: "tcp" as const };

describe("a call that depends on which of several objects is the oldest", () => {
  const simple = tls({ mode: "SIMPLE" });

  it("is undecided where the orders differ, and says between what", () => {
    const { answer, reason } = verdictOf(
      [entry("n", "h"), entry("n", "g"), route("a", "h.org"), route("b", "nowhere.org")],
      HTTP,
    );
    assert.equal(answer, "undecided");
    assert.equal(
      reason,
      "which of VirtualService n/a or VirtualService n/b is older isn't known, and by that it is as-declared or fails",
    );
  });

  it("is decided where every order agrees", () => {
    const objects = [entry("n", "h"), entry("n", "g"), route("a", "h.org"), route("b", "g.org")];
    assert.equal(verdictOf(objects, HTTP).answer, "as-declared");
  });

  it("is decided where the ages are known", () => {
    const objects = [entry("n", "h"), route("a", "h.org", 1), route("b", "nowhere.org", 2)];
    assert.equal(verdictOf(objects, HTTP).answer, "as-declared");
  });

  it("is decided where the objects say the same", () => {
    const objects = [entry("n", "h"), route("a", "nowhere.org"), route("b", "nowhere.org")];
    assert.equal(verdictOf(objects, HTTP).answer, "fails");
  });

  it("is open between two rules of one host and namespace that differ", () => {
    const rules = (second: object) => [
      entry("n", "h"),
      rule("n", "a", { host: "h.org", ...OFF }),
      rule("n", "b", { host: "h.org", ...second }),
    ];
    assert.equal(verdictOf(rules(IM), HTTP).answer, "undecided");
    assert.equal(verdictOf(rules(simple), HTTP).verdict, "ok");
  });

  it("is wrong in every order of three hosts that share a TCP port, where all get Istio's mutual TLS", () => {
    const hosts = ["a", "b", "c"].map((name) => database(name));
    const broken = rule("istio-system", "all", { host: "*.org", ...IM });
    assert.equal(verdictOf([...hosts, broken], TCP, "b").answer, "istio-mutual-outside");
    assert.equal(verdictOf(hosts, TCP, "b").answer, "undecided");
  });

  it("is undecided between more than can be tried, and names the first of them", () => {
    const hosts = Array.from({ length: 30 }, (_, index) => database(`h${index}`));
    const { answer, reason = "" } = verdictOf(hosts, TCP, "h7");
    assert.equal(answer, "undecided");
    assert.match(reason, /^which of (ServiceEntry n\/h\d+, ){4}ServiceEntry n\/h\d+ or 25 more is/);
  });

  it("is decided by the one whose age isn't known among many that are younger", () => {
    const hosts = Array.from({ length: 30 }, (_, index) => database(`h${index}`, index + 1));
    assert.equal(verdictOf([...hosts, database("first")], TCP, "h7").answer, "elsewhere");
  });
});

describe("a call whose proxy an EnvoyFilter configures", () => {
  const filter = (patch: object, namespace = "shop"): KubeObject => ({
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { namespace, name: "f" },
    spec: { configPatches: [patch] },
  });
  const answerWith = (patch: object, namespace?: string) =>
    verdictOf([entry("n", "h"), filter(patch, namespace)], HTTP).answer;
  const merged = (applyTo: string, value: object, match: object = {}) => ({
    applyTo,
    match: { context: "SIDECAR_OUTBOUND", ...match },
    patch: { operation: "MERGE", value },
  });

  it("is undecided where the patch can change its way or its TLS", () => {
    assert.equal(answerWith(merged("CLUSTER", { transport_socket: {} })), "undecided");
    assert.equal(answerWith(merged("HTTP_ROUTE", { route: { cluster: "c" } })), "undecided");
    assert.equal(
      answerWith({ applyTo: "NETWORK_FILTER", patch: { operation: "REMOVE" } }, "istio-system"),
      "undecided",
    );
  });

  it("is decided where the patch is about something else", () => {
    const decided = [
      merged("CLUSTER", { connect_timeout: "1s" }),
      merged("CLUSTER", { transport_socket: {} }, { cluster: { service: "other.org" } }),
      merged("LISTENER", { filter_chains: [] }, { listener: { portNumber: 8080 } }),
      merged("HTTP_ROUTE", { route: { timeout: "1s" } }),
      { applyTo: "CLUSTER", match: { context: "SIDECAR_INBOUND" }, patch: { operation: "MERGE" } },
    ];
    for (const patch of decided) assert.equal(answerWith(patch), "as-declared");
    assert.equal(answerWith(merged("CLUSTER", { transport_socket: {} }), "other"), "as-declared");
  });
});
