import assert from "node:assert/strict";
import { inertRules, readMesh, type Client, type KubeObject } from "../../../mesh/index.js";
import { IM, OFF, rule, service, serviceEntry, tls } from "../objects.js";

const PORTS = [{ number: 443, name: "https", protocol: "HTTPS" }];
const entry = (host: string, namespace = "pay") =>
  serviceEntry(namespace, "bank", {
    hosts: [host],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ports: PORTS,
  });

function inert(objects: KubeObject[], clients?: readonly Client[]) {
  return inertRules(readMesh(objects), clients).map(({ rule: { name }, reason, instead }) => ({
    name,
    reason,
    instead,
  }));
}

describe("a rule whose host nothing has", () => {
  const about = (host: string) => rule("pay", "r", { host, ...OFF });

  it("is reported with a host that looks like its own", () => {
    for (const slip of ["bnak.example.com", "bak.example.com", "bankk.example.com"]) {
      assert.deepEqual(inert([entry("bank.example.com"), about(slip)]), [
        {
          name: "r",
          reason: "no-host",
          instead: `Nothing here has the host ${slip}. Did you mean bank.example.com?`,
        },
      ]);
    }
  });

  it("is reported where only a ServiceEntry could have it", () => {
    const [found] = inert([entry("bank.example.com"), about("shop.example.org")]);
    assert.equal(
      found?.instead,
      "Nothing here has the host shop.example.org: it needs a ServiceEntry.",
    );
  });

  it("is reported for a Service of the cluster only by one that looks like it", () => {
    const cart = service("shop", "cart", { ports: [{ port: 80 }] });
    const [found] = inert([cart, about("crat.shop.svc.cluster.local")]);
    assert.match(found?.instead ?? "", /Did you mean cart\.shop\.svc\.cluster\.local\?$/);
    assert.deepEqual(inert([cart, about("reviews.prod.svc.cluster.local")]), []);
  });

  it("is no matter where the API server has it, or a wildcard may", () => {
    assert.deepEqual(inert([about("kubernetes.default.svc.cluster.local")]), []);
    assert.deepEqual(inert([about("*.example.com")]), []);
  });

  it("has no better host where a ServiceEntry's has no dot", () => {
    const [found] = inert([entry("legacy"), about("legacy")]);
    assert.equal(
      found?.instead,
      "In namespace pay the host legacy means legacy.pay.svc.cluster.local. No rule can name a host " +
        "without a dot: give ServiceEntry pay/bank one with a dot.",
    );
  });
});

describe("a rule whose certificates no sidecar is given", () => {
  const host = "bank.example.com";
  const mutual = { mode: "MUTUAL", credentialName: "client" };
  const of = (spec: Record<string, unknown>) => rule("pay", "r", { host, ...spec });
  const reasons = (spec: Record<string, unknown>, clients?: Client[]) =>
    inert([entry(host), of(spec)], clients).map(({ reason }) => reason);

  it("is reported where a Secret is named without a workloadSelector", () => {
    assert.deepEqual(reasons(tls(mutual)), ["no-certificate"]);
    assert.deepEqual(reasons(tls({ mode: "SIMPLE", credentialName: "ca" })), ["no-certificate"]);
    assert.deepEqual(
      reasons({ trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: mutual }] } }),
      ["no-certificate"],
    );
  });

  it("is reported where MUTUAL names none", () => {
    assert.deepEqual(reasons(tls({ mode: "MUTUAL" })), ["no-certificate"]);
  });

  it("is well with a workloadSelector, with files, and where a gateway follows it", () => {
    const selector = { workloadSelector: { matchLabels: { app: "a" } } };
    assert.deepEqual(reasons({ ...selector, ...tls(mutual) }), []);
    const files = { mode: "MUTUAL", clientCertificate: "/c", privateKey: "/k" };
    assert.deepEqual(reasons(tls(files)), []);
    const clients = [{ namespace: "pay" }, { namespace: "edge", gateway: true }];
    assert.deepEqual(reasons(tls(mutual), clients), []);
    assert.deepEqual(reasons(IM), []);
  });
});

describe("a rule on an ExternalName whose host a ServiceEntry has, too", () => {
  it("is reported with what the ExternalName leads to", () => {
    const alias = service("pay", "db", { type: "ExternalName", externalName: "db.example.com" });
    const [found] = inert([
      alias,
      entry("db.pay.svc.cluster.local"),
      rule("pay", "r", { host: "db", ...OFF }),
    ]);
    assert.equal(
      found?.instead,
      "An ExternalName has no cluster of its own since Istio 1.21. Declare a ServiceEntry for " +
        "db.example.com and write the rule for host db.example.com.",
    );
  });
});
