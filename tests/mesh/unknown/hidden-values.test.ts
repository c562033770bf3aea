import assert from "node:assert/strict";
import { judge, readMesh, UNKNOWN } from "../../../mesh/index.js";
import { HTTPS, IM, OUTSIDE, pod, rule, service, slice } from "../objects.js";

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
});
