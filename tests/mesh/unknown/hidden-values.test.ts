import assert from "node:assert/strict";
import { judge, readMesh, UNKNOWN, type Known } from "../../../mesh/index.js";
import { HTTPS, IM, OUTSIDE, pod, rule, service, serviceEntry, slice, W_HOST } from "../objects.js";

describe("values that aren't known", () => {
  it("leave open whether an ExternalName leads outside that ends at a Service of another namespace", () => {
    const target = "w.n.svc.cluster.local";
    const verdictsWith = (address: unknown) => {
      const mesh = readMesh([
        service("x", "e", { type: "ExternalName", externalName: target, ports: [HTTPS] }),
        service("n", "w", { ports: [HTTPS] }),
        pod("n", "p", "10.0.0.1"),
        slice("n", "w", "10.0.0.1", {
          endpoints: [{ addresses: ["10.0.0.1"] }, { addresses: [address] }],
        }),
        rule("x", "e", { host: "e", ...IM }),
      ]);
      return judge(mesh, [{ namespace: "x" }])
        .filter(({ host }) => host === "e.x.svc.cluster.local")
        .map(({ verdict }) => verdict);
    };
    assert.deepEqual(verdictsWith(OUTSIDE), ["violation"]);
    assert.deepEqual(verdictsWith("10.0.0.1"), []);
    assert.deepEqual(verdictsWith(UNKNOWN), ["undecided"]);
  });

  it("show a ServiceEntry to nobody who may not see it, and may show it where its readers are open", () => {
    const verdictsWith = (name: Known<string>, exportTo: unknown) => {
      const entry = serviceEntry("n", "se", {
        hosts: [W_HOST],
        ports: [{ number: 80, name: "http", protocol: "HTTP" }],
        exportTo,
      });
      const mesh = readMesh([
        service("n", "w", { clusterIP: "None", ports: [HTTPS] }),
        { ...entry, metadata: { ...(entry.metadata as object), name } },
        rule("n", "im", { host: W_HOST, ...IM }),
      ]);
      return judge(mesh, [{ namespace: "x" }])
        .filter(({ port }) => port === HTTPS.port)
        .map(({ alias, verdict }) => `${alias.kind} ${verdict}`)
        .sort();
    };
    const ofService = "Service undecided";
    assert.deepEqual(verdictsWith("se", ["~"]), [ofService]);
    assert.deepEqual(verdictsWith(UNKNOWN, ["~"]), [ofService]);
    assert.deepEqual(verdictsWith("se", ["*"]), [ofService, "ServiceEntry violation"]);
    assert.deepEqual(verdictsWith("se", UNKNOWN), [ofService, "ServiceEntry undecided"]);
  });
});
