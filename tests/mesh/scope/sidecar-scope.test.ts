import assert from "node:assert/strict";
import {
  clustersOf,
  judge,
  readMesh,
  type KubeObject,
  type MeshFacts,
} from "../../../mesh/index.js";
import { rule, service, serviceEntry, sidecar, tls, virtualService } from "../objects.js";

const ALIAS = "my-api.default.svc.cluster.local";
const TARGET = "api.example";

/** `default/my-api` leads to api.example, which a ServiceEntry of a namespace registers. */
function aliasOf(port: { number: number; protocol: string }, namespace = "default"): KubeObject[] {
  return [
    service("default", "my-api", { type: "ExternalName", externalName: TARGET }),
    serviceEntry(namespace, "api", {
      hosts: [TARGET],
      resolution: "DNS",
      ports: [{ ...port, name: "port" }],
    }),
    rule(namespace, "api", { host: TARGET, ...tls({ mode: "SIMPLE" }) }),
  ];
}

const WEB = { number: 80, protocol: "HTTP" };

/** The TLS of calls by the alias's name from namespace shop, by port; undefined for no cluster. */
function callsByName(objects: KubeObject[]): Record<number, string | undefined> {
  const verdicts = judge(readMesh(objects), [{ namespace: "shop", labels: {} }]);
  return Object.fromEntries(
    verdicts
      .filter(({ alias, host }) => alias.name === "my-api" && host === TARGET)
      .map(({ port, tls }) => [port, tls]),
  );
}

function importing(...egress: object[]): KubeObject {
  return sidecar("shop", "default", { egress });
}

describe("calls by the name of an ExternalName", () => {
  it("are the target's where the Sidecar imports both", () => {
    for (const hosts of [
      ["*/*"],
      ["default/*"],
      [`default/${TARGET}`, `default/${ALIAS}`],
      [`*/${TARGET}`, `*/${ALIAS}`],
    ]) {
      const objects = [...aliasOf(WEB), importing({ hosts })];
      assert.deepEqual(callsByName(objects), { 80: "SIMPLE" }, hosts.join());
    }
  });

  it("pass the proxy as they are where it imports the target only", () => {
    const objects = [...aliasOf(WEB), importing({ hosts: ["./*", `default/${TARGET}`] })];
    assert.deepEqual(callsByName(objects), { 80: undefined });
    const secure = aliasOf({ number: 443, protocol: "TLS" });
    const narrow = importing({ hosts: [`default/${TARGET}`] });
    assert.deepEqual(callsByName([...secure, narrow]), { 443: undefined });
  });

  it("aren't the target's where the alias is imported from another namespace than the target", () => {
    const objects = aliasOf(WEB, "egress");
    const hosts = [`egress/${TARGET}`, "default/*"];
    assert.deepEqual(callsByName([...objects, importing({ hosts })]), { 80: undefined });
    const both = [`egress/${TARGET}`, `egress/${ALIAS}`];
    assert.deepEqual(callsByName([...objects, importing({ hosts: both })]), { 80: "SIMPLE" });
  });

  it("go by the listener of their port, though clusters go by all", () => {
    const listeners = [
      { port: { number: 80, protocol: "HTTP", name: "http" }, hosts: [`default/${TARGET}`] },
      { hosts: ["default/*"] },
    ];
    const objects = [...aliasOf(WEB), importing(...listeners)];
    assert.deepEqual(callsByName(objects), { 80: undefined });
    const others = [{ ...listeners[0], port: { number: 81, protocol: "HTTP", name: "http" } }];
    const elsewhere = [...aliasOf(WEB), importing(...others, { hosts: ["default/*"] })];
    assert.deepEqual(callsByName(elsewhere), { 80: "SIMPLE" });
  });

  it("are the target's where a VirtualService of that name routes them there", () => {
    const route = { route: [{ destination: { host: TARGET } }] };
    const objects = [
      ...aliasOf(WEB),
      importing({ hosts: [`default/${ALIAS}`] }),
      virtualService("default", "route", { hosts: [ALIAS], http: [route] }),
    ];
    assert.deepEqual(callsByName(objects), { 80: "SIMPLE" });
  });

  it("are the target's on a port that distinguishes calls by nothing but its number", () => {
    const objects = aliasOf({ number: 5432, protocol: "TCP" });
    const narrow = importing({ hosts: [`default/${TARGET}`] });
    assert.deepEqual(callsByName([...objects, narrow]), { 5432: "SIMPLE" });
  });

  it("leave the target's own verdict as it is", () => {
    const objects = [
      ...aliasOf(WEB).filter(({ kind }) => kind !== "DestinationRule"),
      rule("istio-system", "all", { host: "*", ...tls({ mode: "ISTIO_MUTUAL" }) }),
      importing({ hosts: [`default/${TARGET}`] }),
    ];
    const wrong = judge(readMesh(objects), [{ namespace: "shop", labels: {} }])
      .filter(({ verdict }) => verdict === "violation")
      .map(({ alias, host }) => `${alias.kind} ${host}`);
    assert.deepEqual(wrong, [`ServiceEntry ${TARGET}`]);
  });
});

describe("what a Sidecar imports depends on Istio's version", () => {
  const clusters = (objects: KubeObject[], istioVersion: MeshFacts["istioVersion"]) =>
    clustersOf(readMesh(objects, { istioVersion }), { namespace: "shop", labels: {} });
  const hosts = (objects: KubeObject[], istioVersion: string) =>
    clusters(objects, istioVersion).map(({ host }) => host);

  it("takes hosts away by ~ from 1.31, and before that finds no namespace of such a name", () => {
    const objects = [...aliasOf(WEB), importing({ hosts: ["*/*", "~default/*"] })];
    assert.deepEqual(hosts(objects, "1.31"), []);
    assert.deepEqual(hosts(objects, "1.30"), [TARGET]);
  });

  it("takes a VirtualService's destination from a Service first from 1.30, before by namespace", () => {
    const host = "w.n.svc.cluster.local";
    const objects = [
      service("n", "w", { ports: [{ name: "http", port: 80 }] }),
      serviceEntry("a", "w", {
        hosts: [host],
        resolution: "STATIC",
        ports: [{ ...WEB, number: 81, name: "http" }],
      }),
      virtualService("shop", "route", {
        hosts: ["w.shop"],
        http: [{ route: [{ destination: { host } }] }],
      }),
      importing({ hosts: ["./*"] }),
    ];
    const ports = (version: string) => clusters(objects, version).map(({ port }) => port);
    assert.deepEqual(ports("1.30"), [80]);
    assert.deepEqual(ports("1.29"), [81]);
  });
});
