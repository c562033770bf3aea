import assert from "node:assert/strict";
import fc from "fast-check";
import {
  judge,
  readMesh,
  type Client,
  type KubeObject,
  type Verdict,
} from "../../../mesh/index.js";
import { completedBy, createdInOrder } from "../../oracle/completion.js";
import { IM, OFF, POOL_ONLY, rule, W, W_HOST } from "../objects.js";

const RUNS = Number(process.env.PROPERTY_RUNS ?? 1) * 20;
const SEED =
  process.env.PROPERTY_SEED === undefined ? undefined : Number(process.env.PROPERTY_SEED);
const NAMESPACES = ["n", "x", "y", "z"];
const CLIENTS: Client[] = [
  { namespace: "n" },
  { namespace: "n", labels: { app: "a" } },
  { namespace: "x" },
  { namespace: "y", labels: { app: "b" } },
];

const policy = fc.constantFrom<Record<string, unknown>>({}, IM, OFF, POOL_ONLY);
const exportTo = fc.option(fc.subarray(["*", ".", "n", "x", "y"], { minLength: 1 }), {
  nil: undefined,
});
const spec = fc.record({
  own: policy,
  subset: fc.option(policy, { nil: undefined }),
  exportTo,
  selected: fc.option(fc.constantFrom("a", "b"), { nil: undefined, freq: 4 }),
});

/** Rules of one host and namespace that istiod merges in part only. */
const rules = fc.array(spec, { minLength: 2, maxLength: 5 }).map((specs) =>
  specs.map(({ own, subset, exportTo, selected }, index) =>
    rule("n", `r${index}`, {
      host: W_HOST,
      ...own,
      ...(subset && { subsets: [{ name: "v1", labels: {}, ...subset }] }),
      ...(selected === undefined
        ? exportTo && { exportTo }
        : { workloadSelector: { matchLabels: { app: selected } } }),
    }),
  ),
);

function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((order) =>
    Array.from({ length: count }, (_, place) => order.toSpliced(place, 0, count - 1)),
  );
}

function placeOf({ alias, clientIndex, port, subset }: Verdict): string {
  return [alias.namespace, alias.name, clientIndex, port, subset].join("|");
}

function byPlace(objects: KubeObject[], istioVersion: string): Map<string, Verdict> {
  const verdicts = judge(readMesh(objects, { istioVersion }), CLIENTS);
  return new Map(verdicts.map((one) => [placeOf(one), one]));
}

describe("rules of which istiod merges only some", () => {
  for (const istioVersion of ["1.31", "1.22"]) {
    it(`have the answers that their orders have, and no others (Istio ${istioVersion})`, function () {
      this.timeout(120_000);
      fc.assert(
        fc.property(rules, (own) => {
          const answers = permutations(own.length).map((order) =>
            byPlace([...W, ...createdInOrder(own, (_, index) => order[index] ?? 0)], istioVersion),
          );
          for (const [place, found] of byPlace([...W, ...own], istioVersion)) {
            const verdicts = new Set(answers.map((one) => one.get(place)?.verdict ?? "ok"));
            const expected = verdicts.size > 1 ? "undecided" : [...verdicts][0];
            assert.equal(found.verdict, expected, place);
            if (found.verdict !== "undecided") continue;
            assert.deepEqual(
              found.witnesses?.map(
                (one) =>
                  byPlace(completedBy([...W, ...own], one), istioVersion).get(place)?.verdict ??
                  "ok",
              ),
              ["ok", "violation"],
            );
          }
        }),
        { numRuns: RUNS, seed: SEED },
      );
    });
  }

  for (const count of [4, 8, 12, 24]) {
    it(`decide nothing where ${count} that are exported differently don't say ISTIO_MUTUAL`, () => {
      const many = Array.from({ length: count }, (_, index) =>
        rule("n", `r${index}`, {
          host: W_HOST,
          ...(index % 2 === 0 ? OFF : POOL_ONLY),
          exportTo: [...NAMESPACES, "o", "p"].filter((_, bit) => ((index + 1) >> bit) % 2 === 1),
        }),
      );
      const clients = NAMESPACES.map((namespace) => ({ namespace }));
      const verdicts = judge(readMesh([...W, ...many]), clients);
      assert.deepEqual([...new Set(verdicts.map(({ verdict }) => verdict))], ["ok"]);
    });

    it(`have witnesses where one of ${count} that are exported differently says ISTIO_MUTUAL`, () => {
      const many = Array.from({ length: count }, (_, index) =>
        rule("n", `r${index}`, {
          host: W_HOST,
          ...(index === 2 ? IM : OFF),
          exportTo: [...NAMESPACES, "o", "p"].filter((_, bit) => ((index + 1) >> bit) % 2 === 1),
        }),
      );
      const [verdict] = judge(readMesh([...W, ...many]), [{ namespace: "x" }]);
      assert.equal(verdict?.verdict, "undecided");
      assert.equal(verdict?.witnesses?.length, 2);
    });
  }
});
