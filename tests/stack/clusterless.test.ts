import assert from "node:assert/strict";
import { ExitCode } from "../../cli/mistake.js";
import { CiJob, WIKIPEDIA, wikipediaRule } from "./ciJob.js";

const RIGHT = WIKIPEDIA + wikipediaRule("DISABLE");

describe("a preview without a cluster, on the real engine", function () {
  this.timeout(120_000);

  let job: CiJob;
  before(async () => (job = await CiJob.open()));
  after(() => job?.close());

  it("judges what the program declares, and says that no cluster answered", async () => {
    const { exitCode, report, log } = await job.prReport(RIGHT);
    assert.equal(exitCode, ExitCode.Ok, log);
    assert.match(report, /^\*\*Ok in dev\.\*\*$/m);
    assert.match(report, /^- No cluster answered: /m);
    assert.match(
      report,
      /^\| ✅ ok \| default\/my-wikipedia → .* \| DISABLE \| PLAIN \| workload \|/m,
    );
  });

  it("refuses what is wrong whatever a cluster would say", async () => {
    const program = WIKIPEDIA + wikipediaRule("ISTIO_MUTUAL");
    const { exitCode, report } = await job.prReport(program);
    assert.equal(exitCode, ExitCode.Violation, report);
    assert.match(report, /^\*\*Forbidden by policy in dev\.\*\*$/m);
    assert.match(
      report,
      /^\*\*egress-disallow-istio-mutual\*\* at DestinationRule my-wikipedia-rule$/m,
    );
    assert.match(report, /DISABLE/);
  });

  describe("of a rule whose host the cluster would have to say", () => {
    const program = RIGHT + wikipediaRule("ISTIO_MUTUAL", "later()", "later");

    it("doesn't pass, and says which value wasn't known", async () => {
      const { exitCode, report } = await job.prReport(program);
      assert.equal(exitCode, ExitCode.Undecided, report);
      assert.match(report, /^\*\*Not decided in dev\.\*\*$/m);
      assert.match(report, /^\*\*egress-undecided-tls\*\*/m);
      assert.match(report, /spec\.host of DestinationRule default\/later/);
    });

    it("passes only for those who said that it may, and is still reported", async () => {
      const { exitCode, report } = await job.prReport(program, { args: ["--allow-undecided"] });
      assert.equal(exitCode, ExitCode.Ok, report);
      assert.match(report, /^\*\*Not decided \(allowed\) in dev\.\*\*$/m);
      assert.match(report, /spec\.host of DestinationRule default\/later/);
    });

    it("leaves the posture open where it depends on the value, and nowhere else", async () => {
      const other =
        program + WIKIPEDIA.replaceAll("my-wikipedia", "other").replaceAll("default", "elsewhere");
      const { rows } = await job.posture(other);
      assert.deepEqual(
        rows
          .filter(({ client }) => client === "default")
          .map(({ alias, verdict, tls, verifier }) => [alias, verdict, tls, verifier]),
        [
          ["default/my-wikipedia", "undecided", "unknown", "unknown"],
          ["elsewhere/other", "undecided", "unknown", "unknown"],
        ],
      );
      assert.deepEqual(
        rows
          .filter(({ client }) => client === "elsewhere")
          .map(({ alias, verdict, tls }) => [alias, verdict, tls]),
        [
          ["default/my-wikipedia", "undecided", "unknown"],
          ["elsewhere/other", "ok", "AUTO"],
        ],
      );
    });
  });
});
