import assert from "node:assert/strict";
import fc from "fast-check";
import {
  defaultClients,
  IncrementalJudge,
  judge,
  readMesh,
  type Client,
  type HostVerdicts,
  type KubeObject,
  type MeshFacts,
  type Verdict,
} from "../../../mesh/index.js";
import { mesh as anyMesh } from "../../oracle/meshes.js";
import { runs } from "../../runs.js";
import { endpoints, HTTPS, IM, OFF, rule, service, serviceEntry } from "../objects.js";

/** A change of one object: taken in, or taken away. */
type Change = { set: KubeObject } | { delete: KubeObject };

function settle(incremental: IncrementalJudge): HostVerdicts[] {
  const changed: HostVerdicts[] = [];
  while (incremental.waiting > 0) changed.push(...incremental.step());
  return changed;
}

const keyOf = ({ apiVersion = "", kind, metadata }: KubeObject) => {
  const { namespace = "default", name } = (metadata ?? {}) as Record<string, string>;
  return `${apiVersion.split("/")[0]}/${kind}/${namespace || "default"}/${name}`;
};

/** What `judge` says of all objects at once, in the form of the other: by host, right ones counted. */
function atOnce(
  objects: readonly KubeObject[],
  facts: Partial<MeshFacts>,
  clients?: readonly Client[],
): Map<string, unknown> {
  const mesh = readMesh(objects, facts);
  const domain = mesh.facts.clusterDomain;
  const byHost = new Map<string, { answers: number; findings: Verdict[] }>();
  for (const verdict of judge(mesh, clients ?? defaultClients(mesh))) {
    const { kind, name, namespace } = verdict.alias;
    const own = kind === "Host" ? name : verdict.host;
    const host = kind === "Service" ? `${name}.${namespace}.svc.${domain}` : own;
    const known = byHost.get(host) ?? { answers: 0, findings: [] };
    known.answers++;
    if (verdict.verdict !== "ok") known.findings.push(verdict);
    byHost.set(host, known);
  }
  return byHost;
}

function assertSame(
  incremental: IncrementalJudge,
  facts: Partial<MeshFacts>,
  clients?: readonly Client[],
): void {
  settle(incremental);
  const known = new Map(
    [...incremental.answers].map(({ host, answers, findings }) => [host, { answers, findings }]),
  );
  const expected = atOnce([...incremental.objects()] as unknown as KubeObject[], facts, clients);
  assert.deepEqual(Object.fromEntries([...known].sort()), Object.fromEntries([...expected].sort()));
}

/** From one mesh to another, object by object in any order. */
const walks = fc
  .tuple(anyMesh, anyMesh, fc.infiniteStream(fc.nat(1_000_000)), fc.boolean())
  .map(([from, to, numbers, ownClients]) => {
    const changes: Change[] = [
      ...to.objects.map((object) => ({ set: object })),
      ...from.objects
        .filter((object) => !to.objects.some((other) => keyOf(other) === keyOf(object)))
        .map((object) => ({ delete: object })),
    ];
    const order = changes.map((change) => [numbers.next().value ?? 0, change] as const);
    const shuffled = order.sort(([a], [b]) => a - b).map(([, change]) => change);
    const facts = { ...from.mesh, clusterDomain: to.mesh.clusterDomain };
    const objects = JSON.parse(
      JSON.stringify(from.objects).replaceAll(
        from.mesh.clusterDomain ?? "cluster.local",
        to.mesh.clusterDomain ?? "cluster.local",
      ),
    ) as KubeObject[];
    return { objects, facts, changes: shuffled, clients: ownClients ? from.clients : undefined };
  });

describe("judging a mesh that changes", function () {
  this.timeout(240_000);

  it("says after every change what judging all of it says", () => {
    fc.assert(
      fc.property(walks, ({ objects, facts, changes, clients }) => {
        const incremental = new IncrementalJudge(facts, clients);
        for (const object of objects) incremental.set(object);
        assertSame(incremental, facts, clients);
        for (const change of changes) {
          if ("set" in change) incremental.set(change.set);
          else incremental.delete(change.delete);
          assertSame(incremental, facts, clients);
        }
      }),
      { numRuns: runs(40) },
    );
  });

  const wikipedia = [service("default", "wiki", { ports: [HTTPS] }), endpoints("default", "wiki")];
  const httpbin = service("default", "bin", { type: "ExternalName", externalName: "httpbin.org" });
  const shop = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };

  function judgeOf(...objects: KubeObject[]): IncrementalJudge {
    const incremental = new IncrementalJudge();
    for (const object of objects) incremental.set(object);
    settle(incremental);
    return incremental;
  }

  const told = (changed: HostVerdicts[]) =>
    changed.map(({ host, findings }) => [host, findings.map(({ rule }) => rule?.name)]);

  it("reports the hosts whose answers have changed, and no others", () => {
    const incremental = judgeOf(shop, ...wikipedia, httpbin);
    const wrong = rule("shop", "mtls", { host: "wiki.default.svc.cluster.local", ...IM });
    incremental.set(wrong);
    assert.deepEqual(told(settle(incremental)), [["wiki.default.svc.cluster.local", ["mtls"]]]);
    incremental.set({ ...wrong, status: { observedGeneration: 2 } });
    assert.deepEqual(settle(incremental), []);
    incremental.delete(wrong);
    assert.deepEqual(told(settle(incremental)), [["wiki.default.svc.cluster.local", []]]);
  });

  it("judges an alias again for a rule about its target, once something registers that", () => {
    const incremental = judgeOf(httpbin, rule("default", "bin", { host: "httpbin.org", ...IM }));
    const entry = serviceEntry("default", "bin", { hosts: ["httpbin.org"], ports: [HTTPS] });
    incremental.set(entry);
    const changed = told(settle(incremental));
    assert.deepEqual(changed.map(([host]) => host).sort(), [
      "bin.default.svc.cluster.local",
      "httpbin.org",
    ]);
  });

  it("judges the host that a change names before those that a wildcard covers", () => {
    const aliases = Array.from({ length: 300 }, (_, n) => [
      service("default", `wiki-${n}`, { ports: [HTTPS] }),
      endpoints("default", `wiki-${n}`),
    ]).flat();
    const incremental = judgeOf(shop, ...aliases);
    incremental.set(rule("shop", "all", { host: "*.local", ...IM }));
    incremental.set(rule("shop", "one", { host: "wiki-299.default.svc.cluster.local", ...IM }));
    const first = told(incremental.step());
    assert.deepEqual(
      first.find(([host]) => host === "wiki-299.default.svc.cluster.local"),
      ["wiki-299.default.svc.cluster.local", ["one"]],
    );
    assert.equal(first.length + told(settle(incremental)).length, 300);
  });

  it("judges every alias for a client that comes", () => {
    const incremental = judgeOf(
      ...wikipedia,
      httpbin,
      rule("default", "wiki", { host: "wiki", ...OFF }),
    );
    const answersBefore = [...incremental.answers].map(({ answers }) => answers);
    incremental.set(shop);
    assert.equal(settle(incremental).length, 2, "every alias is judged for the new client");
    const answersNow = [...incremental.answers].map(({ answers }) => answers);
    assert.ok(answersNow.every((answers, index) => answers > answersBefore[index]!));
  });

  it("knows nothing more of an alias that is gone", () => {
    const incremental = judgeOf(...wikipedia);
    for (const object of wikipedia) incremental.delete(object);
    assert.deepEqual(settle(incremental), [
      { host: "wiki.default.svc.cluster.local", answers: 0, findings: [] },
    ]);
    assert.deepEqual([...incremental.answers], []);
    assert.equal(incremental.size, 0);
  });
});
