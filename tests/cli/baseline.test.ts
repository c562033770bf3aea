import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Log } from "sarif";
import { ExitCode } from "../../cli/mistake.js";
import { assertIsMistake, istioEgress, REPOSITORY } from "./command.js";

const VIOLATION = "examples/violation.yaml";
const WORSE = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: everything, namespace: shop }
spec:
  host: "*.local"
  trafficPolicy: { tls: { mode: ISTIO_MUTUAL } }
`;

describe("istio-egress judge --baseline", function () {
  this.timeout(20_000);
  const folder = mkdtempSync(path.join(tmpdir(), "baseline-"));
  const baseline = path.join(folder, "before.sarif");
  const worse = path.join(folder, "worse.yaml");
  after(() => rmSync(folder, { recursive: true }));

  before(async () => {
    const { stdout, code } = await istioEgress(["judge", "-f", VIOLATION, "--sarif"]);
    assert.equal(code, ExitCode.Violation);
    writeFileSync(baseline, stdout);
    writeFileSync(worse, readFileSync(path.join(REPOSITORY, VIOLATION), "utf8") + WORSE);
  });

  const judge = (file: string, ...args: string[]) =>
    istioEgress(["judge", "-f", file, "--baseline", baseline, ...args]);

  it("lets what was there before be, and says so", async () => {
    const { stdout, code } = await judge(VIOLATION);
    assert.equal(code, ExitCode.Ok);
    assert.doesNotMatch(stdout, /^violation/m);
    assert.match(
      stdout,
      /note: Compared with the baseline: \d+ findings? (is|are) there before, and left out/,
    );
    assert.match(stdout, /0 violations, 0 undecided/);
  });

  it("stops what is new, and shows that alone", async () => {
    const { stdout, code } = await judge(worse);
    assert.equal(code, ExitCode.Violation);
    const findings = stdout.split("\n").filter((line) => line.startsWith("violation"));
    assert.ok(findings.length > 0 && findings.every((line) => line.includes("shop/everything")));
  });

  it("says what is gone", async () => {
    const { stdout, code } = await judge("examples/task.yaml");
    assert.equal(code, ExitCode.Ok);
    assert.match(
      stdout,
      /0 findings are there before, and left out here; [1-9]\d* findings? (is|are)\s+gone/,
    );
  });

  it("keeps old findings in SARIF, where one that is missing would count as fixed", async () => {
    const { stdout, code } = await judge(worse, "--sarif");
    assert.equal(code, ExitCode.Violation);
    const states = (JSON.parse(stdout) as Log).runs[0]!.results!.flatMap(
      ({ ruleId, baselineState }) =>
        ruleId === "egress-disallow-istio-mutual" ? [baselineState] : [],
    );
    assert.deepEqual([...new Set(states)].sort(), ["new", "unchanged"]);
  });

  it("knows a finding again whose lines moved", async () => {
    const moved = path.join(folder, "moved.yaml");
    const text = readFileSync(path.join(REPOSITORY, VIOLATION), "utf8");
    writeFileSync(moved, `# A line more.\n\n${text}`);
    assert.equal((await judge(moved)).code, ExitCode.Ok);
  });

  for (const [title, content] of [
    ["isn't JSON", "verdict ok"],
    ["is JSON of something else", '{"verdicts": []}'],
  ] as const) {
    it(`is refused where the file ${title}`, async () => {
      const file = path.join(folder, "other");
      writeFileSync(file, content);
      const ending = await istioEgress(["judge", "-f", VIOLATION, "--baseline", file]);
      assertIsMistake(
        ending,
        /holds no findings to compare with; write it with istio-egress judge --sarif/,
      );
    });
  }
});
