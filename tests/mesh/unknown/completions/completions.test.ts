import assert from "node:assert/strict";
import fc from "fast-check";
import { judge, readMesh, type KubeObject, type Verdict } from "../../../../mesh/index.js";
import { objectText } from "../../../../mesh/input/kube-object.js";
import { refOf } from "../../../../mesh/input/plain.js";
import { createdInOrder, withoutAges } from "../../../oracle/completion.js";
import { mesh as anyMesh } from "../../../oracle/meshes.js";
import { pickHidden, withHidden } from "../../../oracle/hidden.js";
import type { Question } from "../../../oracle/question.js";
import { confirmationOf } from "../../../oracle/witness.js";
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

  for (const aged of [false, true]) {
    it(`so do those where values aren't known either, with${aged ? "" : "out"} ages`, () => {
      fc.assert(
        fc.property(anyMesh, hiddenNumbers, (question, numbers) => {
          const objects = aged ? question.objects : withoutAges(question.objects);
          const hidden = withHidden(objects, pickHidden(objects, numbers));
          // A witness says of which object a value is by its name.
          fc.pre(new Set(hidden.map((one) => objectText(refOf(one)))).size === hidden.length);
          checkWitnesses(question, hidden);
        }),
        { numRuns: runs(40) },
      );
    });
  }
});

/** Numbers that pick values to hide. */
const hiddenNumbers = fc.noBias(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }));

/** Judges again with what each witness says. */
function checkWitnesses(question: Question, objects: KubeObject[]): void {
  for (const verdict of verdictsOf(question, objects).values()) {
    if (verdict.verdict !== "undecided") continue;
    const { witnesses = [] } = verdict;
    assert.deepEqual(
      witnesses.map((one) => one.verdict),
      ["ok", "violation"],
      JSON.stringify(verdict),
    );
    for (const witness of witnesses) {
      const { expected, found, verdicts } = confirmationOf(question, objects, verdict, witness);
      // What goes wrong for another revision hides what holds for the mesh's own.
      const isHidden = verdicts.some(({ revision }) => revision !== verdict.revision);
      if (found !== expected && isHidden) continue;
      assert.equal(found, expected, JSON.stringify({ verdict, witness }));
    }
  }
}
