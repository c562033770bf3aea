import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  changesIn,
  changesNothing,
  clusterAnswered,
  errorsIn,
  hasJudged,
  type LoggedEvent,
  policyReportsIn,
  readEvents,
} from "../../../cli/stack/events.js";
import { error, judged, policy, step, summary } from "./engine-events.js";

describe("the engine's events", () => {
  describe("of a preview", () => {
    const SERVICE = "kubernetes:core/v1:Service";
    const same = (old: object, state: object = old) => [
      ...step("same", SERVICE, "s", { old, state }),
      summary({ same: 1 }),
    ];
    const CASES: [title: string, events: LoggedEvent[], expected: boolean][] = [
      ["nothing is another", same({ outputs: { a: 1 } }), true],
      ["an output is another", same({ outputs: { a: 1 } }, { outputs: { a: 2 } }), false],
      ["it is protected now", same({}, { protect: true }), false],
      ["a counter of nothing", [summary({ same: 1, update: 0 })], true],
      ["one is updated", [...step("update", SERVICE, "s"), summary({ update: 1 })], false],
      ["one is read again", [...same({}).slice(0, -1), summary({ same: 1, read: 1 })], false],
      ["one goes", [...step("delete", SERVICE, "s"), summary({ same: 1 })], false],
      ["the engine ended before", step("same", SERVICE, "s"), false],
      ["there are none", [], false],
    ];
    for (const [title, events, expected] of CASES) {
      it(`say that ${expected ? "nothing" : "something"} changes where ${title}`, () => {
        assert.equal(changesNothing(events), expected);
      });
    }
  });

  it("say what changes, by operation and name, without the stack, providers and what stays", () => {
    const events = [
      step("same", "kubernetes:core/v1:Service", "kept"),
      step("delete", "kubernetes:core/v1:Service", "old"),
      step("update", "kubernetes:core/v1:Service", "b", { detailedDiff: ["spec.b", "spec.a"] }),
      step("create", "kubernetes:core/v1:Service", "new"),
      step("create", "kubernetes:core/v1:Endpoints", "new"),
      step("create", "pulumi:providers:kubernetes", "p"),
      step("create", "pulumi:pulumi:Stack", "project-dev"),
      step("create-replacement", "kubernetes:core/v1:Service", "other"),
      step("replace", "kubernetes:core/v1:Service", "other"),
      step("delete-replaced", "kubernetes:core/v1:Service", "other"),
    ].flat();
    assert.deepEqual(
      changesIn(events).map(({ op, kind, name, paths }) => [op, kind, name, ...paths]),
      [
        ["create", "Endpoints", "new"],
        ["create", "Service", "new"],
        ["update", "Service", "b", "spec.a", "spec.b"],
        ["replace", "Service", "other"],
        ["delete", "Service", "old"],
      ],
    );
  });

  it("say what policies reported, mandatory ones first, without colours", () => {
    const events = [
      policy("b", "warning", "advice"),
      policy("a", "mandatory", "<{%fg 1%}>wrong<{%reset%}>\n", "rule"),
    ];
    assert.deepEqual(policyReportsIn(events), [
      { policy: "a", isMandatory: true, resource: "DestinationRule rule", message: "wrong" },
      { policy: "b", isMandatory: false, message: "advice" },
    ]);
  });

  it("say why it failed, and not that it did", () => {
    const events = [
      error("<{%reset%}>Error: boom\n"),
      error("Error: boom"),
      error("preview failed\n"),
    ];
    assert.deepEqual(errorsIn(events), ["Error: boom"]);
  });

  it("say whether a pack judged the whole stack", () => {
    assert.equal(hasJudged("ours", [judged("ours")]), true);
    assert.equal(hasJudged("ours", [judged("other"), policy("a", "mandatory", "x")]), false);
  });

  it("say whether a cluster answered: it gives what it tries an identity", () => {
    const type = "kubernetes:core/v1:Service";
    const outputs = { metadata: { name: "a", uid: "1" } };
    assert.equal(clusterAnswered(step("create", type, "a", { outputs })), true);
    assert.equal(clusterAnswered(step("create", type, "a", { outputs: {} })), false);
    assert.equal(clusterAnswered(step("same", type, "a", { outputs })), undefined);
    assert.equal(clusterAnswered(step("create", "random:index:Id", "a")), undefined);
  });

  it("are read up to the line in which the engine was ended", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-events-"));
    try {
      const log = path.join(folder, "log");
      writeFileSync(log, `${JSON.stringify(error("a"))}\n{"sequence":1,"diagn`);
      assert.deepEqual(errorsIn(readEvents(log)), ["a"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are none where the engine never began", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-events-"));
    try {
      const log = path.join(folder, "log");
      assert.deepEqual(readEvents(log), []);
      writeFileSync(log, `${JSON.stringify(error("a"))}\n\n${JSON.stringify(error("b"))}\n`);
      assert.equal(readEvents(log).length, 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
