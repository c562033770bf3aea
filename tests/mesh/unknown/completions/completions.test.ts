import assert from "node:assert/strict";
import fc from "fast-check";
import { judge, readMesh, type KubeObject, type Verdict } from "../../../../mesh/index.js";
import { completedBy, createdInOrder, withoutAges } from "../../../oracle/completion.js";
import { mesh as anyMesh } from "../../../oracle/meshes.js";
import type { Question } from "../../../oracle/question.js";
import { runs } from "../../../runs.js";

function placeOf({ alias, host, clientIndex, port, subset }: Verdict): string {
  return [alias.kind, alias.namespace, alias.name, host, clientIndex, port, subset].join("|");
}

function verdictsOf({ clients, mesh }: Question, objects: KubeObject[]): Map<string, Verdict> {
  return new Map(judge(readMesh(objects, mesh), clients).map((one) => [placeOf(one), one]));
}

/** Meshes without ages, with ages that they may have, in several orders. */
const completedMesh = anyMesh.chain((question) => {
  const ages = fc.shuffledSubarray(
    question.objects.map((_, index) => index),
    { minLength: question.objects.length, maxLength: question.objects.length },
  );
  return fc.record({
    question: fc.constant(question),
    orders: fc.array(ages, { minLength: 8, maxLength: 8 }),
  });
});

describe("whatever was created first", function () {
  this.timeout(240_000);

  it("what is decided holds, and what is wrong in some order is not called ok", () => {
    fc.assert(
      fc.property(completedMesh, ({ question, orders }) => {
        const objects = withoutAges(question.objects);
        const unordered = verdictsOf(question, objects);
        for (const ages of orders) {
          const completed = createdInOrder(objects, (_, index) => ages[index] ?? 0);
          const known = verdictsOf(question, completed);
          for (const place of new Set([...unordered.keys(), ...known.keys()])) {
            const [one, other] = [unordered.get(place), known.get(place)];
            if (one?.verdict === "undecided") continue;
            assert.equal(one?.verdict ?? "ok", other?.verdict ?? "ok", place);
            if (one?.tls && other) assert.equal(one.tls, other.tls, place);
          }
        }
      }),
      { numRuns: runs(100) },
    );
  });

  it("the witnesses of what is undecided give different answers", () => {
    fc.assert(
      fc.property(anyMesh, (question) => {
        checkWitnesses(question, withoutAges(question.objects));
      }),
      { numRuns: runs(100) },
    );
  });
});

/** Judges again with what each witness says; a place is named by its host where the object changes. */
function checkWitnesses(question: Question, objects: KubeObject[]): void {
  for (const verdict of verdictsOf(question, objects).values()) {
    if (verdict.verdict !== "undecided" || verdict.revision !== undefined) continue;
    const { witnesses = [] } = verdict;
    assert.deepEqual(
      witnesses.map((one) => one.verdict),
      ["ok", "violation"],
      JSON.stringify(verdict),
    );
    for (const witness of witnesses) {
      const found = verdictsOf(question, completedBy(objects, witness));
      // What goes wrong for another revision hides what is well for the mesh's own.
      if ([...found.values()].some(({ revision }) => revision !== undefined)) continue;
      const said = answerAt(verdict, [...found.values()]);
      const expected = witness.leadsOutside === undefined ? witness.verdict : "undecided";
      assert.equal(said, expected, JSON.stringify({ verdict, witness }));
    }
  }
}

function answerAt(verdict: Verdict, found: readonly Verdict[]): Verdict["verdict"] {
  const there = found.filter(
    ({ host, clientIndex, port, subset, alias }) =>
      host === verdict.host &&
      clientIndex === verdict.clientIndex &&
      alias.kind === verdict.alias.kind &&
      (verdict.alias.name === "" || alias.name === verdict.alias.name) &&
      (verdict.alias.namespace === "" || alias.namespace === verdict.alias.namespace) &&
      port === verdict.port &&
      subset === verdict.subset,
  );
  const worst =
    there.find((one) => one.verdict === "violation") ??
    there.find((one) => one.verdict === "undecided");
  return worst?.verdict ?? "ok";
}
