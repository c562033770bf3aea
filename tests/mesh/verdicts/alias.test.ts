import assert from "node:assert/strict";
import { judge, readMesh, UNKNOWN, type KubeObject, type MeshFacts } from "../../../mesh/index.js";
import { IM, OUTSIDE, pod, rule, service, serviceEntry, workloadEntry } from "../objects.js";

const PORTS = [{ number: 443, name: "tls", protocol: "TLS" }];
const APP = { app: "vm" };

/** `h.org`, by its own word inside the mesh. */
const inside = (spec: Record<string, unknown>): KubeObject =>
  serviceEntry("n", "h", { hosts: ["h.org"], location: "MESH_INTERNAL", ports: PORTS, ...spec });
const withEndpoint = (endpoint: Record<string, unknown>) =>
  inside({ resolution: "DNS", endpoints: [endpoint] });
const SELECTED = inside({ resolution: "STATIC", workloadSelector: { labels: APP } });
const MUTUAL = rule("istio-system", "all", { host: "*", ...IM });

function verdicts(objects: KubeObject[], facts: Partial<MeshFacts> = {}) {
  return judge(readMesh([...objects, MUTUAL], facts), [{ namespace: "n", labels: {} }]);
}

describe("a host that its ServiceEntry puts inside the mesh", () => {
  const stories: [
    story: string,
    objects: KubeObject[],
    found: string[],
    facts?: Partial<MeshFacts>,
  ][] = [
    ["may lead outside where a name is looked up", [inside({ resolution: "DNS" })], ["undecided"]],
    ["may lead outside from where callers go anyway", [inside({})], ["undecided"]],
    ["may lead to an address outside", [withEndpoint({ address: OUTSIDE })], ["undecided"]],
    [
      "leads to a sidecar if an endpoint has a service account",
      [withEndpoint({ address: OUTSIDE, serviceAccount: "vm" })],
      [],
    ],
    [
      "leads to a sidecar if an endpoint is labelled so",
      [withEndpoint({ address: OUTSIDE, labels: { "security.istio.io/tlsMode": "istio" } })],
      [],
    ],
    [
      "leads to a Service of the cluster",
      [withEndpoint({ address: "w.n.svc.cluster.local" }), service("n", "w", { selector: APP })],
      [],
    ],
    [
      "leads to an address of the cluster",
      [withEndpoint({ address: "10.0.0.7" })],
      [],
      { clusterCidrs: ["10.0.0.0/8"] },
    ],
    ["leads to Pods that it selects", [SELECTED, pod("n", "p", "10.0.0.1", APP)], []],
    ["leads to workloads that aren't among the objects", [SELECTED], []],
    [
      "may lead to a workload without a sidecar",
      [SELECTED, workloadEntry("n", "vm", { address: OUTSIDE, labels: APP })],
      ["undecided"],
    ],
    [
      "leads outside if the facts say so",
      [inside({ resolution: "DNS" })],
      ["violation"],
      { externalHosts: ["h.org"] },
    ],
    [
      "may lead to an address that isn't known yet",
      [withEndpoint({ address: UNKNOWN })],
      ["undecided"],
    ],
    [
      "may lead to a workload whose labels aren't known yet",
      [SELECTED, workloadEntry("n", "vm", { address: OUTSIDE, labels: UNKNOWN })],
      ["undecided"],
    ],
  ];
  for (const [story, objects, found, facts] of stories) {
    it(story, () =>
      assert.deepEqual(
        verdicts(objects, facts).map(({ verdict }) => verdict),
        found,
      ),
    );
  }

  it("leaves an ExternalName open that leads to it, and says why", () => {
    const alias = service("n", "e", { type: "ExternalName", externalName: "h.org" });
    const [verdict] = verdicts([alias, inside({ resolution: "DNS" })]).filter(
      (one) => one.alias.name === "e" && one.host === "h.org",
    );
    assert.equal(verdict?.verdict, "undecided");
    assert.match(verdict?.reason ?? "", /MESH_INTERNAL/);
  });
});
