import assert from "node:assert/strict";
import { clustersOf, readMesh, type KubeObject, type MeshFacts } from "../../../mesh/index.js";
import { HTTPS, service, serviceEntry, sidecar, virtualService } from "../objects.js";

/** Who of three namespaces has a cluster for a host. */
function seenBy(host: string, objects: KubeObject[], facts: Partial<MeshFacts>): string {
  const mesh = readMesh(objects, facts);
  const namespaces = ["n", "x", "y"].filter((namespace) =>
    clustersOf(mesh, { namespace, labels: {} }).some((cluster) => cluster.host === host),
  );
  return namespaces.join(" ");
}

const ENTRY = { hosts: ["h.org"], ports: [{ number: 443, name: "https", protocol: "TLS" }] };

describe("the mesh's default says who sees what doesn't say so itself", () => {
  const stories: [defaults: string[], exportTo: string, seen: string][] = [
    [["*"], "", "n x y"],
    [["."], "", "n"],
    [["x"], "", "x"],
    [[".", "x"], "", "n x"],
    [["~"], "", ""],
    [["."], "*", "n x y"],
    [["."], "y", "y"],
  ];
  for (const [defaultServiceExportTo, exportTo, seen] of stories) {
    const own = exportTo === "" ? "nothing" : exportTo;
    it(`${defaultServiceExportTo.join()}, with ${own} of its own: ${seen || "nobody"}`, () => {
      const facts = { defaultServiceExportTo };
      const annotations = { "networking.istio.io/exportTo": exportTo };
      const w = service("n", "w", { ports: [HTTPS] }, { annotations });
      assert.equal(seenBy("w.n.svc.cluster.local", [w], facts), seen);
      const h = serviceEntry("n", "h", { ...ENTRY, ...(exportTo && { exportTo: [exportTo] }) });
      assert.equal(seenBy("h.org", [h], facts), seen);
    });
  }

  it("and which VirtualServices bring along what a Sidecar doesn't import", () => {
    const imports = ["n", "x", "y"].map((namespace) =>
      sidecar(namespace, "s", { egress: [{ hosts: ["x/*"] }] }),
    );
    const bringing = (exportTo?: string[]) =>
      virtualService("x", "v", {
        hosts: ["h.org"],
        tls: [{ route: [{ destination: { host: "h.org" } }] }],
        ...(exportTo && { exportTo }),
      });
    const seen = (exportTo: string[] | undefined, defaultVirtualServiceExportTo: string[]) =>
      seenBy("h.org", [...imports, serviceEntry("z", "h", ENTRY), bringing(exportTo)], {
        defaultVirtualServiceExportTo,
      });
    assert.equal(seen(undefined, ["*"]), "n x y");
    assert.equal(seen(undefined, ["."]), "x");
    assert.equal(seen(undefined, ["y"]), "y");
    assert.equal(seen(["n"], ["."]), "n");
  });
});
