import assert from "node:assert/strict";
import fc from "fast-check";
import {
  clustersOf,
  defaultClients,
  explain,
  inertRules,
  judge,
  readMesh,
  shadowedRules,
  UNKNOWN,
  type KubeObject,
  type Verdict,
} from "../../mesh/index.js";
import { withHidden } from "../oracle/hidden.js";
import { mesh as anyMesh } from "../oracle/meshes.js";
import { runs } from "../runs.js";

/** Every object with each of its list's orders is as good as any other. */
const shuffledMesh = anyMesh.chain((question) =>
  fc
    .shuffledSubarray(question.objects, {
      minLength: question.objects.length,
      maxLength: question.objects.length,
    })
    .map((shuffled) => ({ ...question, shuffled })),
);

const blankedMesh = anyMesh.filter(({ hidden }) => (hidden ?? []).length > 0);

function placeOf({ clientIndex, host, port, subset }: Verdict): string {
  return `${clientIndex}|${host}|${port}|${subset}`;
}

function byPlace(verdicts: readonly Verdict[]): Map<string, Verdict[]> {
  const places = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const place = placeOf(verdict);
    places.set(place, [...(places.get(place) ?? []), verdict]);
  }
  return places;
}

/** Several aliases may lead to one host; the worst answer is the place's. */
function worst(verdicts: readonly Verdict[]): Verdict["verdict"] {
  const said = verdicts.map(({ verdict }) => verdict);
  return said.find((one) => one === "violation") ?? said.find((one) => one === "undecided") ?? "ok";
}

describe("whatever the mesh", function () {
  this.timeout(120_000);

  it("the order of objects changes nothing", () => {
    fc.assert(
      fc.property(shuffledMesh, ({ objects, shuffled, clients, mesh }) => {
        const [one, other] = [readMesh(objects, mesh), readMesh(shuffled, mesh)];
        for (const client of clients) {
          assert.deepEqual(clustersOf(one, client), clustersOf(other, client));
        }
        assert.deepEqual(judge(one, clients), judge(other, clients));
        assert.deepEqual(inertRules(one, clients), inertRules(other, clients));
        assert.deepEqual(shadowedRules(one, clients), shadowedRules(other, clients));
      }),
      { numRuns: runs(60) },
    );
  });

  it("lists change nothing, nested or typed", () => {
    fc.assert(
      fc.property(anyMesh, ({ objects, clients, mesh }) => {
        const [first, ...rest] = objects;
        const list = (items: readonly unknown[], kind = "List", apiVersion = "v1") =>
          ({ apiVersion, kind, metadata: {}, items }) as unknown as KubeObject;
        const { apiVersion = "", kind = "", ...bare } = first ?? {};
        const nested = list([list([bare], `${kind}List`, apiVersion), list(rest)]);
        assert.deepEqual(
          judge(readMesh([nested], mesh), clients),
          judge(readMesh(objects, mesh), clients),
        );
      }),
      { numRuns: runs(20) },
    );
  });

  it("a value that isn't known never turns wrong into right, nor right into wrong", () => {
    fc.assert(
      fc.property(blankedMesh, ({ objects, clients, mesh, hidden }) => {
        const full = judge(readMesh(objects, mesh), clients);
        const blanked = judge(readMesh(withHidden(objects, hidden ?? []), mesh), clients);
        const [known, seen] = [byPlace(full), byPlace(blanked)];
        for (const [place, verdicts] of known) {
          const answer = worst(verdicts);
          if (answer === "ok") continue;
          // The place may not be known any more; then something else is said about the client.
          const [{ clientIndex, host, subset } = { clientIndex: 0, host: "", subset: "" }] =
            verdicts;
          const mine = blanked.filter((verdict) => verdict.clientIndex === clientIndex);
          const anyPort = seen.get(`${clientIndex}|${host}|0|${subset}`) ?? [];
          const said = worst([...(seen.get(place) ?? mine), ...anyPort]);
          assert.notEqual(said, "ok", `${place} was ${answer}`);
        }
        for (const [place, verdicts] of seen) {
          if (worst(verdicts) !== "violation") continue;
          const [{ clientIndex, host, port } = { clientIndex: 0, host: "", port: 0 }] = verdicts;
          const mine = full.filter((verdict) => verdict.clientIndex === clientIndex);
          // Port 0 is some port of the host, whichever it turns out to be.
          const ofHost = mine.filter((verdict) => verdict.host === host);
          const there = port === 0 && ofHost.length > 0 ? ofHost : (known.get(place) ?? mine);
          assert.equal(worst(there), "violation", `${place} is called a violation`);
        }
      }),
      { numRuns: runs(120) },
    );
  });

  it("undecided always says why", () => {
    fc.assert(
      fc.property(blankedMesh, ({ objects, clients, mesh, hidden }) => {
        const verdicts = judge(readMesh(withHidden(objects, hidden ?? []), mesh), clients);
        for (const verdict of verdicts.filter((one) => one.verdict === "undecided")) {
          const says = (verdict.unknowns ?? []).length > 0 || (verdict.reason ?? "") !== "";
          assert.ok(says, JSON.stringify(verdict));
        }
      }),
      { numRuns: runs(40) },
    );
  });

  it("the words for a verdict name the alias, the client, and what to do if it isn't right", () => {
    fc.assert(
      fc.property(anyMesh, ({ objects, mesh }) => {
        for (const verdict of judge(readMesh(objects, mesh))) {
          const { summary, fix, yaml } = explain(verdict);
          assert.ok(summary.includes(`${verdict.alias.namespace}/`), summary);
          assert.ok(summary.includes(verdict.client.namespace), summary);
          assert.equal(fix === "", verdict.verdict === "ok");
          assert.equal(yaml === undefined, verdict.verdict !== "violation");
          for (const line of (yaml ?? "").split("\n")) assert.ok(line.length <= 100, line);
        }
      }),
      { numRuns: runs(20) },
    );
  });

  it("nothing that is handed over makes it throw", () => {
    const leaf = fc.oneof(fc.constant(UNKNOWN), fc.string(), fc.integer(), fc.constant(null));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fieldName, tie("value"), { maxKeys: 5 }),
      ),
    }));
    const object = fc
      .record({ kind: anyKind, spec: value, metadata: value, endpoints: value, subsets: value })
      .map(({ kind: [apiVersion, kind], ...rest }) => ({ apiVersion, kind, ...rest }));
    fc.assert(
      fc.property(fc.array(fc.oneof(object, value), { maxLength: 6 }), (objects) => {
        const mesh = readMesh(objects as KubeObject[]);
        for (const verdict of judge(mesh)) explain(verdict);
        for (const client of defaultClients(mesh)) clustersOf(mesh, client);
        inertRules(mesh);
        shadowedRules(mesh);
      }),
      { numRuns: runs(100) },
    );
  });
});

const anyKind = fc.constantFrom<[string, string][]>(
  ["v1", "Service"],
  ["v1", "Endpoints"],
  ["v1", "Pod"],
  ["v1", "List"],
  ["discovery.k8s.io/v1", "EndpointSlice"],
  ["networking.istio.io/v1", "DestinationRule"],
  ["networking.istio.io/v1beta1", "ServiceEntry"],
  ["networking.istio.io/v1alpha3", "Sidecar"],
  ["networking.istio.io/v1", "VirtualService"],
  ["networking.istio.io/v1", "WorkloadEntry"],
  ["security.istio.io/v1", "PeerAuthentication"],
);

const fieldName = fc.constantFrom(
  "name",
  "namespace",
  "labels",
  "host",
  "hosts",
  "ports",
  "port",
  "number",
  "trafficPolicy",
  "tls",
  "mode",
  "subsets",
  "portLevelSettings",
  "exportTo",
  "workloadSelector",
  "matchLabels",
  "egress",
  "endpoints",
  "addresses",
  "type",
  "externalName",
  "selector",
);
