import assert from "node:assert/strict";
import fc from "fast-check";
import { changeLinesOf } from "../../../cli/posture/change-lines.js";
import { diffPostures, type PostureChange } from "../../../cli/posture/diff.js";
import type { PostureRow } from "../../../cli/posture/row.js";
import { posture, row, UNDECIDED, VIOLATION } from "./rows.js";

type Side = Partial<PostureRow> | undefined;

/** Before, after, and what that is: undefined for no change at all. */
const CASES: [story: string, before: Side, after: Side, effect?: PostureChange["effect"]][] = [
  ["the same", {}, {}],
  ["other words for the same", { finding: "a" }, { finding: "b" }],
  ["a new call that somebody verifies", undefined, {}, "other"],
  ["a new call that nobody verifies", undefined, { verifier: "nobody" }, "worse"],
  ["a call that is gone", {}, undefined, "other"],
  ["a violation that is gone", VIOLATION, undefined, "better"],
  ["a violation", {}, VIOLATION, "worse"],
  ["a violation put right", VIOLATION, {}, "better"],
  ["a rule that is now only declared", VIOLATION, { ...VIOLATION, kind: "declared" }, "better"],
  ["what isn't known any more", {}, UNDECIDED, "worse"],
  ["what is known now to be wrong", UNDECIDED, VIOLATION, "worse"],
  ["encryption moved to the sidecar", {}, { tls: "SIMPLE", verifier: "sidecar" }, "other"],
  [
    "encryption dropped",
    { tls: "SIMPLE", verifier: "sidecar" },
    { tls: "PLAIN", verifier: "nobody" },
    "worse",
  ],
  [
    "a server's name no longer checked",
    { verifier: "sidecar" },
    { verifier: "sidecar, any name" },
    "worse",
  ],
  ["another rule that says the same", {}, { rule: "n/other" }, "other"],
  ["another target", {}, { target: "198.51.100.2" }, "other"],
];

const changes = (before: Side, after: Side) =>
  diffPostures(before ? posture(row(before)) : posture(), after ? posture(row(after)) : posture());

describe("what a change does to a posture", () => {
  for (const [story, before, after, effect] of CASES) {
    it(`takes ${story} for ${effect === "other" ? "neither worse nor better" : (effect ?? "no change")}`, () => {
      assert.deepEqual(
        changes(before, after).map((change) => change.effect),
        effect ? [effect] : [],
      );
    });
  }

  it("reports the worst first, and what gets better last", () => {
    const at = (port: number, more: Side = {}) => row({ port, ...more });
    const base = posture(at(1), at(2), at(3), at(4, VIOLATION), at(5));
    const head = posture(
      at(1, { rule: "n/other" }),
      at(2, UNDECIDED),
      at(3, VIOLATION),
      at(4),
      at(5, { verifier: "nobody" }),
    );
    assert.deepEqual(
      diffPostures(base, head).map(({ after }) => after?.port),
      [3, 2, 5, 1, 4],
    );
  });

  it("is the other way round, the other way round", () => {
    const side = fc.constantFrom(...CASES.flatMap(([, before, after]) => [before, after]));
    const opposite = { worse: "better", better: "worse", other: "other" };
    fc.assert(
      fc.property(side, side, (before, after) => {
        assert.deepEqual(
          changes(after, before).map(({ effect }) => opposite[effect]),
          changes(before, after).map(({ effect }) => effect),
        );
      }),
    );
  });

  it("names what differs, once for all the clients that it is the same for", () => {
    const base = posture(row({ client: "a" }), row({ client: "b" }), row({ client: "c" }));
    const changed = { tls: "SIMPLE", verifier: "sidecar" } as const;
    const head = posture(
      row({ client: "a", ...changed }),
      row({ client: "b", ...changed }),
      row({ client: "c", rule: undefined }),
    );
    assert.deepEqual(
      changeLinesOf(diffPostures(base, head)).map(({ clients, what }) => [clients, what]),
      [
        [
          ["a", "b"],
          ["TLS: PLAIN → SIMPLE", "verified by: workload → sidecar"],
        ],
        [["c"], ["decided by: n/r → -"]],
      ],
    );
  });
});
