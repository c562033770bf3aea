import assert from "node:assert/strict";
import {
  failedOutcome,
  outcomeOf,
  type Result,
  withUpgrade,
} from "../../../cli/pr-report/outcome.js";
import type { Effect } from "../../../mesh/index.js";
import type { Upgrade } from "../../../cli/upgrade/report.js";
import type { LoggedEvent } from "../../../cli/stack/events.js";
import { posture, row } from "../posture/rows.js";
import { error, judged, policy, step } from "../stack/engine-events.js";

const SEEN = posture(row());
const VIOLATION = policy("egress-disallow-istio-mutual", "mandatory", "wrong", "r");
const UNDECIDED = policy("egress-undecided-tls", "warning", "it depends");
const ADVICE = policy("egress-inert-rule", "warning", "nobody follows it", "r");

interface Case {
  story: string;
  exitCode?: number;
  events: LoggedEvent[];
  /** Whether the pack saw the whole stack. @default true */
  isSeen?: boolean;
  result: Result;
  errors?: RegExp[];
}

const CASES: Case[] = [
  { story: "a preview that nobody has anything against", events: [judged()], result: "ok" },
  { story: "a preview with advice", events: [judged(), ADVICE], result: "ok" },
  { story: "something undecided", events: [judged(), UNDECIDED], result: "undecided" },
  { story: "a violation", exitCode: 1, events: [judged(), VIOLATION], result: "violation" },
  {
    story: "a violation that counts before what isn't known",
    exitCode: 1,
    events: [judged(), UNDECIDED, VIOLATION],
    result: "violation",
  },
  {
    story: "undecided, raised to mandatory",
    exitCode: 1,
    events: [judged(), policy("egress-undecided-tls", "mandatory", "it depends")],
    result: "violation",
  },
  {
    story: "a broken program",
    exitCode: 1,
    events: [judged(), error("Error: boom"), error("preview failed")],
    result: "failed",
    errors: [/^Error: boom$/],
  },
  {
    story: "an engine that ended before it logged anything",
    exitCode: 1,
    events: [],
    isSeen: false,
    result: "failed",
    errors: [/^error: no stack named 'dev'$/],
  },
  {
    story: "a success without our pack",
    events: [judged("other")],
    result: "failed",
    errors: [/policy pack istio-egress didn't judge/],
  },
  {
    story: "a success in which the pack left no word of what it saw",
    events: [judged()],
    isSeen: false,
    result: "failed",
    errors: [/policy pack istio-egress didn't judge/],
  },
];

describe("what a preview comes to", () => {
  for (const { story, exitCode = 0, events, isSeen = true, result, errors = [] } of CASES) {
    it(`is ${result} for ${story}`, () => {
      const preview = { exitCode, events, output: "error: no stack named 'dev'" };
      const outcome = outcomeOf("dev", preview, isSeen ? SEEN : undefined, posture());
      assert.equal(outcome.result, result);
      assert.equal(outcome.errors.length, errors.length, outcome.errors.join());
      errors.forEach((error, index) => assert.match(outcome.errors[index] ?? "", error));
    });
  }

  it("has the change of the posture only where both sides are known", () => {
    const preview = { exitCode: 0, events: [judged()], output: "" };
    assert.equal(outcomeOf("dev", preview, SEEN, posture()).postureChanges?.length, 1);
    assert.equal(outcomeOf("dev", preview, SEEN, undefined).postureChanges, undefined);
    assert.equal(outcomeOf("dev", preview, undefined, posture()).postureChanges, undefined);
  });

  const effects: [before: Result, effect: Effect | undefined, after: Result][] = [
    ["ok", undefined, "ok"],
    ["ok", "changes", "ok"],
    ["ok", "breaks", "breaking"],
    ["undecided", "breaks", "breaking"],
    ["ok", "undecided", "undecided"],
    ["violation", "breaks", "violation"],
    ["failed", "breaks", "failed"],
  ];
  for (const [before, effect, after] of effects) {
    it(`is ${after} where it was ${before} and the upgrade of Istio ${effect ?? "changes nothing"}`, () => {
      const changes = effect === undefined ? [] : [{ effect }];
      const upgrade = { source: "stack dev", rehearsals: [{ changes }], notes: [] };
      const outcome = { ...failedOutcome("dev", ""), result: before };
      assert.equal(withUpgrade(outcome, upgrade as unknown as Upgrade).result, after);
    });
  }

  it("says what the preview couldn't know", () => {
    const events = [judged(), ...step("create", "kubernetes:core/v1:Service", "a")];
    const preview = { exitCode: 0, events, output: "" };
    const { limits } = outcomeOf("dev", preview, { ...SEEN, notes: ["A Helm release."] }, SEEN);
    assert.match(limits[0] ?? "", /^No cluster answered/);
    assert.equal(limits[1], "A Helm release.");
  });

  it("says which rules were weakened, and which waivers covered something", () => {
    const grounds = {
      waivers: ["The waiver for alias default/a (team, until 2027-01-31)"],
      levels: {
        "egress-disallow-istio-mutual": "disabled",
        "egress-external-address": "advisory",
        "egress-inert-rule": "advisory",
        "egress-shadowed-rule": "disabled",
        "egress-undecided-tls": "mandatory",
      },
    } as const;
    const preview = {
      exitCode: 0,
      events: [judged()],
      output: "",
      grounds: { ...grounds, waivers: [...grounds.waivers] },
    };
    assert.deepEqual(outcomeOf("dev", preview, SEEN, SEEN).restsOn, [
      "egress-disallow-istio-mutual disabled",
      "egress-shadowed-rule disabled",
      "egress-external-address only advisory",
      "the waiver for alias default/a (team, until 2027-01-31)",
    ]);
  });

  it("is failed, and says why, where it couldn't even begin", () => {
    const { result, errors } = failedOutcome("dev", "there is no `pulumi`");
    assert.deepEqual([result, errors], ["failed", ["there is no `pulumi`"]]);
  });
});
