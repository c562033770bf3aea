import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ExitCode } from "../../cli/mistake.js";
import { assertIsMistake, bareMachine, istioEgress } from "./command.js";

describe("istio-egress pr-report on a machine that has nothing it takes", function () {
  this.timeout(20_000);

  let folder: string;
  let env: Record<string, string>;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-report-"));
    env = bareMachine(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  const cases: [story: string, args: string[], stack: string, why: RegExp][] = [
    [
      "the embedded engine can't be built",
      ["--embedded", "-s", "dev"],
      "dev",
      /Go isn't installed|GiB free/,
    ],
    ["there is no pulumi", ["-s", "dev"], "dev", /there is no `pulumi` on the PATH/],
    [
      "the project isn't there",
      ["-s", "dev", "--project", "nope"],
      "dev",
      /nope: no Pulumi\.yaml here/,
    ],
    [
      "the project isn't there, so its stacks aren't known",
      ["--project", "nope"],
      "every stack",
      /nope: no Pulumi\.yaml here/,
    ],
  ];
  for (const [story, args, stack, why] of cases) {
    it(`reports that ${story}, in a folder that it makes`, async () => {
      const out = path.join(folder, story, "report.md");
      const given = ["--policy-pack", "policies", "--out", out, ...args];
      const { code, stderr } = await istioEgress(["pr-report", ...given], { env });
      const report = readFileSync(out, "utf8");
      assert.ok(report.includes(`**Not known: the preview failed in ${stack}.**`), report);
      assert.match(report, why);
      assert.doesNotMatch(stderr, /^\s+at /m, "no stack trace");
      assert.equal(code, ExitCode.BadInput);
    });
  }

  it("says before the previews that the report can't be written", async () => {
    const file = path.join(folder, "file");
    writeFileSync(file, "");
    for (const out of [path.join(file, "report.md"), folder]) {
      const ending = await istioEgress(["pr-report", "--out", out], { env });
      assertIsMistake(ending, /^istio-egress: --out \S+: it /m);
      assert.doesNotMatch(ending.stderr, /previewing/);
    }
  });
});
