import assert from "node:assert/strict";
import { versionInHistory } from "../../../cli/stack/history.js";

const update = (kind: string, result: string, istioVersion?: string) => ({
  ...{ kind, result, version: 3, startTime: "2026-01-01T00:00:00Z" },
  config: {
    "istio-egress:catalogue": {
      value: JSON.stringify({ mesh: istioVersion === undefined ? {} : { istioVersion } }),
      secret: false,
    },
    "other:secret": { secret: true },
  },
});

const CASES: [story: string, history: unknown, version: string | undefined][] = [
  [
    "the last update",
    [update("update", "succeeded", "1.22"), update("update", "succeeded", "1.20")],
    "1.22",
  ],
  [
    "no preview",
    [update("preview", "succeeded", "1.31"), update("update", "succeeded", "1.22")],
    "1.22",
  ],
  [
    "no failed update",
    [update("update", "failed", "1.31"), update("update", "succeeded", "1.22")],
    "1.22",
  ],
  ["the newest where the catalogue says nothing", [update("update", "succeeded")], "1.31"],
  ["nothing of a version that isn't one", [update("update", "succeeded", "latest")], undefined],
  ["nothing of a stack without a catalogue", [{ kind: "update", result: "succeeded" }], undefined],
  ["nothing of a stack that was never updated", [], undefined],
  ["nothing of what isn't a history", { error: "no" }, undefined],
];

describe("the version of Istio that a stack was last updated for", () => {
  for (const [story, history, version] of CASES) {
    it(`is given by ${story}`, () => {
      assert.equal(versionInHistory(JSON.stringify(history)), version);
    });
  }

  it("is nothing where pulumi printed something else", () => {
    assert.equal(versionInHistory("no stack"), undefined);
  });
});
