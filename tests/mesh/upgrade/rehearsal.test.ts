import assert from "node:assert/strict";
import { type AliasCall, callsOf } from "../../../mesh/upgrade/calls.js";
import { withEdits } from "../../../mesh/upgrade/edits.js";
import { wireOf } from "../../../mesh/upgrade/effect.js";
import { minorsBetween } from "../../../mesh/upgrade/minors.js";
import { type Rehearsal, rehearse } from "../../../mesh/upgrade/rehearsal.js";
import { type Client, type KubeObject, readMesh, UNKNOWN } from "../../../mesh/index.js";
import { EXCLUSION, OWN_ENTRY, PARTNER, TWO_EXPORTS, UNCHECKED } from "./objects.js";

const SHOP: Client = { namespace: "shop" };
const WEB: Client = { namespace: "web" };

function changesOf({ changes }: Rehearsal) {
  return changes.map(({ effect, before, after, since }) => [
    effect,
    (after ?? before)!.client.namespace,
    `${before?.tls} → ${after?.tls}`,
    since,
  ]);
}

const editsOf = ({ preparation }: Rehearsal) =>
  preparation.edits.map(
    ({ action, object: { kind, metadata } }) =>
      `${action} ${kind} ${(metadata as { name: string }).name}`,
  );

/** What each client's sidecar puts on the wire, by host and client. */
function wires(objects: readonly KubeObject[], istioVersion: string, clients: Client[]) {
  const wire = ({ host, client, servers, verifier, ...call }: AliasCall) => [
    `${host} ${client.namespace}`,
    [wireOf(call), servers, wireOf(call) === "SIMPLE" ? verifier : ""],
  ];
  const calls = [...callsOf(readMesh(objects, { istioVersion }), clients).values()];
  return Object.fromEntries(calls.map(wire)) as Record<string, unknown>;
}

const CASES: {
  story: string;
  objects: KubeObject[];
  from: string;
  to: string;
  clients?: Client[];
  changes: unknown[];
  edits: string[];
}[] = [
  {
    story: "an ExternalName loses its cluster, and its target gets one",
    objects: PARTNER,
    from: "1.20",
    to: "1.31",
    changes: [["breaks", "shop", "SIMPLE → no cluster", "1.21"]],
    edits: [
      "create ServiceEntry api.partner.example",
      "create DestinationRule api.partner.example",
    ],
  },
  {
    story: "rules of two exports aren't merged any more, and are written as one",
    objects: TWO_EXPORTS,
    from: "1.22",
    to: "1.31",
    changes: [["breaks", "shop", "PLAIN → ISTIO_MUTUAL", "1.24"]],
    edits: ["change DestinationRule db", "delete DestinationRule db-private"],
  },
  {
    story: "a namespace's own ServiceEntry wins, and is kept from it",
    objects: OWN_ENTRY,
    from: "1.23",
    to: "1.24",
    clients: [SHOP, WEB],
    changes: [["breaks", "web", "AUTO → PLAIN", "1.24"]],
    edits: ["change ServiceEntry db"],
  },
  {
    story: "a Sidecar takes a host away, and nothing that is tried brings it back",
    objects: EXCLUSION,
    from: "1.30",
    to: "1.31",
    changes: [["breaks", "shop", "SIMPLE → no cluster", "1.31"]],
    edits: [],
  },
  {
    story: "the sidecar begins to check certificates, and is told not to yet",
    objects: UNCHECKED,
    from: "1.20",
    to: "1.21",
    changes: [["breaks", "shop", "SIMPLE → SIMPLE", "1.21"]],
    edits: ["change DestinationRule db"],
  },
  {
    story: "the same objects mean the same",
    objects: UNCHECKED,
    from: "1.22",
    to: "1.31",
    changes: [],
    edits: [],
  },
  {
    story: "a way back is an upgrade, too",
    objects: TWO_EXPORTS,
    from: "1.31",
    to: "1.22",
    changes: [["improves", "shop", "ISTIO_MUTUAL → PLAIN", "1.23"]],
    edits: [],
  },
];

describe("the rehearsal of an upgrade", () => {
  for (const { story, objects, from, to, clients = [SHOP], changes, edits } of CASES) {
    it(`reports that ${story}`, () => {
      const rehearsal = rehearse(objects, {}, { from, to }, clients);
      assert.deepEqual(changesOf(rehearsal), changes);
      assert.deepEqual(editsOf(rehearsal), edits);
      if (edits.length === 0) return;
      const present = wires(objects, from, clients);
      const pair = withEdits(objects, rehearsal.preparation.edits);
      for (const version of [from, to]) {
        const kept = wires(pair, version, clients);
        assert.deepEqual({ ...kept, ...present }, kept, `every call is as before under ${version}`);
      }
    });
  }

  it("says which alias nothing was found for", () => {
    const { preparation } = rehearse(EXCLUSION, {}, { from: "1.30", to: "1.31" }, [SHOP]);
    assert.deepEqual(
      preparation.unprepared.map(({ host }) => host),
      ["db.shop.svc.cluster.local"],
    );
  });

  it("names the rule that turns inert", () => {
    const { inert } = rehearse(PARTNER, {}, { from: "1.20", to: "1.31" });
    assert.deepEqual(
      inert.map(({ rule, reason }) => [rule.name, reason]),
      [["api", "external-name"]],
    );
  });

  it("promises nothing of what isn't known", () => {
    const [service, rule] = PARTNER as [KubeObject, KubeObject];
    const objects = [
      service,
      { ...rule, spec: { ...(rule.spec as object), trafficPolicy: UNKNOWN } },
    ];
    const { changes, preparation } = rehearse(objects, {}, { from: "1.20", to: "1.31" }, [SHOP]);
    assert.deepEqual([...new Set(changes.map(({ effect }) => effect))], ["undecided"]);
    assert.deepEqual(preparation, { edits: [], unprepared: [] });
  });

  it("passes the minor versions in between, either way", () => {
    assert.deepEqual(minorsBetween("1.22", "1.25.1"), ["1.23", "1.24"]);
    assert.deepEqual(minorsBetween("1.25", "1.22"), ["1.24", "1.23"]);
    assert.deepEqual(minorsBetween("1.22.0", "1.22.4"), []);
  });
});
