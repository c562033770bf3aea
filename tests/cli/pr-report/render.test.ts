import assert from "node:assert/strict";
import fc from "fast-check";
import type { StackOutcome } from "../../../cli/pr-report/outcome.js";
import { isBlocking, LIMIT, MARKER, renderReport } from "../../../cli/pr-report/render.js";
import { diffPostures } from "../../../cli/posture/diff.js";
import { upgradeOf } from "../../../cli/upgrade/report.js";
import type { KubeObject } from "../../../mesh/index.js";
import { PARTNER } from "../../mesh/upgrade/objects.js";
import { posture, row, VIOLATION } from "../posture/rows.js";

const NOTHING = {
  ...{ changes: [], violations: [], undecided: [], advice: [], errors: [] },
  ...{ limits: [], restsOn: [] },
};

function outcome(more: Partial<StackOutcome> = {}): StackOutcome {
  return {
    stack: "dev",
    result: "ok",
    ...NOTHING,
    posture: posture(),
    postureChanges: [],
    ...more,
  };
}

const rows = (count: number) =>
  Array.from({ length: count }, (_, port) => row({ port: port + 1, client: `client-${port}` }));

/** A stack with so many of everything. */
function big(count: number, message = "m"): StackOutcome {
  const report = (isMandatory: boolean) =>
    Array.from({ length: count }, (_, index) => ({
      policy: `policy-${index}`,
      isMandatory,
      resource: `DestinationRule rule-${index}`,
      message,
    }));
  const head = posture(...rows(count));
  return outcome({
    result: "violation",
    violations: report(true),
    undecided: report(false),
    advice: report(false),
    errors: report(false).map(({ message }) => message),
    limits: report(false).map(({ policy }) => policy),
    changes: rows(count).map(({ client }) => ({
      op: "create",
      kind: "Service",
      name: client,
      paths: ["spec.a", "spec.b", "spec.c", "spec.d", "spec.e", "spec.f", "spec.g"],
    })),
    posture: head,
    postureChanges: diffPostures(posture(), head),
  });
}

describe("the report about a pull request", () => {
  it("says of another version of Istio what breaks, openly, and what doesn't, folded", () => {
    const to = (objects: KubeObject[], from: string) => {
      const seen = { source: "stack dev", clusters: [objects.map((object) => ({ object }))] };
      const question = { from, to: "1.31", facts: {} };
      return renderReport([
        outcome({ upgrade: upgradeOf({ ...seen, facts: {}, clients: [], notes: [] }, question) }),
      ]);
    };
    const wrong = to(PARTNER, "1.20");
    assert.match(wrong, /^❌ \*\*Istio 1\.20 → 1\.31: calls break as istiod is upgraded/m);
    assert.match(wrong, /^\| ❌ breaks \| shop\/api → api\.partner\.example \|/m);
    assert.match(wrong, /^```yaml\n# ServiceEntry shop\/api\.partner\.example, new/m);
    const right = to(PARTNER, "1.22");
    assert.match(
      right,
      /^<details><summary>Istio 1\.22 → 1\.31: nothing breaks\. Apply this change, then/m,
    );
    assert.doesNotMatch(right, /❌/);
  });

  it("begins with the marker, the verdict, and a line for each stack", () => {
    const report = renderReport([
      outcome(),
      outcome({
        stack: "prod",
        result: "violation",
        changes: [
          { op: "create", kind: "Service", name: "a", paths: [] },
          { op: "delete", kind: "Service", name: "b", paths: [] },
        ],
        violations: [
          { policy: "p", isMandatory: true, resource: "DestinationRule r", message: "m" },
        ],
        postureChanges: diffPostures(posture(), posture(row(VIOLATION))),
      }),
      outcome({ stack: "test", result: "failed", postureChanges: undefined }),
    ]);
    assert.deepEqual(report.split("\n").slice(0, 11), [
      MARKER,
      "",
      "## ❌ Egress TLS: this change must not be merged",
      "",
      "**Forbidden by policy in prod; not known: the preview failed in test; ok in dev.**",
      "",
      "| stack |  | resources | violations | undecided | TLS posture |",
      "| --- | --- | --- | --- | --- | --- |",
      "| dev | ✅ ok | no change | 0 | 0 | 0 worse, 0 changed, 0 better |",
      "| prod | ❌ forbidden by policy | 1 to create, 1 to delete | 1 | 0 | 1 worse, 0 changed, 0 better |",
      "| test | 💥 not known: the preview failed | not known | 0 | 0 | not known |",
    ]);
  });

  it("says in the verdict's line which waivers and disabled rules it rests on", () => {
    const disabled = "egress-inert-rule disabled";
    const waiver = "the waiver for alias default/a_b (team, until 2027-01-31)";
    const report = renderReport([
      outcome({ restsOn: [disabled, waiver] }),
      outcome({ stack: "prod", restsOn: [disabled] }),
    ]);
    const [, , , , verdict] = report.split("\n");
    assert.equal(
      verdict,
      "**Ok in dev, prod.** It rests on egress-inert-rule disabled (in dev, prod); " +
        "the waiver for alias default/a\\_b \\(team, until 2027-01-31\\) (in dev).",
    );
    assert.match(
      report,
      /What this answer rests on:\n\n- egress-inert-rule disabled\n- the waiver/,
    );
  });

  it("counts what it rests on where that is much, and reports it stack by stack", () => {
    const restsOn = Array.from({ length: 9 }, (_, index) => `rule-${index} disabled`);
    const report = renderReport([outcome({ restsOn })]);
    assert.match(report, /rule-4 disabled \(in dev\); and 4 more, listed stack by stack\./);
    assert.match(report, /^- rule-8 disabled$/m);
  });

  it("takes no word of a stack's name for its own", () => {
    const stack = "**[x](http://evil.example)** <img src=x> @all | `";
    const report = renderReport([outcome({ stack }), outcome({ stack, restsOn: ["r disabled"] })]);
    for (const markup of ["**[", "](", "<img", "@all", " | `"]) {
      assert.ok(!report.includes(markup), `${markup} in ${report}`);
    }
  });

  it("says that nothing stands in the way only where that is so", () => {
    const says = (result: StackOutcome["result"], allowUndecided = false) =>
      renderReport([outcome({ result })], { allowUndecided }).includes("nothing stands in the way");
    assert.equal(says("ok"), true);
    assert.equal(says("violation"), false);
    assert.equal(says("failed"), false);
    assert.equal(says("undecided"), false);
    assert.equal(says("undecided", true), true);
    assert.equal(isBlocking("failed", { allowUndecided: true }), true);
  });

  it("shows what a policy says as it is, whatever that is", () => {
    const message = "a `b`\n```\n</details> @everyone\n````";
    const report = renderReport([
      outcome({ violations: [{ policy: "p", isMandatory: true, message }] }),
    ]);
    assert.ok(report.includes(`\`\`\`\`\`text\n${message}\n\`\`\`\`\``), report);
  });

  it("folds what is long, and closes every fold", () => {
    const report = renderReport([big(3)]);
    const summaries = report.match(/<details><summary>.*?<\/summary>/g) ?? [];
    assert.deepEqual(
      summaries.map((summary) => summary.replace(/<.*?>/g, "")),
      [
        "Resources: 3 to create",
        "TLS posture, against the base: 0 worse, 3 changed, 0 better",
        "Who calls what",
        "TLS posture after this change: 3 calls",
        "Advice: 3",
      ],
    );
    assert.equal(report.split("</details>").length, summaries.length + 1);
    assert.match(report, /spec\.a, spec\.b, spec\.c, spec\.d, spec\.e and 2 more/);
  });

  it("leaves out most of what is too much, and says of each thing how much", () => {
    const report = renderReport([big(2_000)]);
    assert.ok(report.length <= LIMIT);
    for (const what of ["violation", "undecided finding", "error", "resource", "line", "thing"]) {
      assert.match(report, new RegExp(`… and \\d+ more ${what}s that didn't fit here\\.`));
    }
    assert.match(report, /and \d+ more calls, none of them worse/);
  });

  it("cuts a message that is too long, and says so", () => {
    const report = renderReport([big(1, "m".repeat(100_000))]);
    assert.ok(report.length <= LIMIT);
    assert.match(report, /… and 96000 more characters that didn't fit here\./);
  });

  it("keeps to the limit whatever there is, with a note where something is missing", () => {
    const sizes = fc.array(fc.tuple(fc.nat(60), fc.nat(3_000)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 2_000, max: LIMIT }), (stacks, limit) => {
        const outcomes = stacks.map(([count, length]) => big(count, "x".repeat(length)));
        const report = renderReport(outcomes, {}, limit);
        assert.ok(report.length <= limit, `${report.length} > ${limit}`);
        assert.ok(report.startsWith(`${MARKER}\n`));
        const isWhole = renderReport(outcomes, {}, Infinity).length <= limit;
        assert.equal(/didn't fit|more calls, none of them worse/.test(report), !isWhole);
      }),
      { numRuns: 15 },
    );
  });
});
