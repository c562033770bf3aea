import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { ExitCode } from "../../cli/mistake.js";
import type { Upgrade } from "../../cli/upgrade/report.js";
import type { KubeObject } from "../../mesh/index.js";
import { CiJob, WIKIPEDIA, wikipediaRule } from "./ciJob.js";
import { sharedPlane } from "./sharedPlane.js";

/** Objects in JavaScript for a program. */
function declared(objects: readonly KubeObject[], name: string): string {
  const texts = objects.map((object) => JSON.stringify(object));
  return texts.map((text, index) => `declare(${text}, "${name}-${index}");\n`).join("");
}

/** An ExternalName to which the sidecar starts TLS: a cluster up to Istio 1.20, an alias from 1.21. */
const PARTNER: KubeObject[] = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "api", namespace: "default" },
    spec: {
      type: "ExternalName",
      externalName: "api.partner.example",
      ports: [{ name: "http", port: 80 }],
    },
  },
  {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "api", namespace: "default" },
    spec: {
      host: "api.default.svc.cluster.local",
      trafficPolicy: {
        tls: {
          mode: "SIMPLE",
          sni: "api.partner.example",
          subjectAltNames: ["api.partner.example"],
          caCertificates: "/etc/ssl/certs/ca-certificates.crt",
        },
      },
    },
  },
];

const RIGHT = WIKIPEDIA + wikipediaRule("DISABLE");

describe("pr-report in a job, on the real engine", function () {
  this.timeout(180_000);

  let job: CiJob;
  before(async () => (job = await CiJob.open()));
  after(() => job?.close());

  it("reports a broken program, with its own words and no stack trace of ours", async () => {
    // Without a stack, which some versions of Node take two minutes to show (see register.cjs).
    const program = 'throw Object.assign(new Error("no such config"), { stack: undefined });';
    const { exitCode, report, log } = await job.prReport(program);
    assert.equal(exitCode, ExitCode.BadInput, log);
    assert.match(report, /^\*\*Not known: the preview failed in dev\.\*\*$/m);
    assert.match(report, /^no such config$/m);
    assert.doesNotMatch(log, /cli\/pr-report/);
  });

  it("reports a backend that can't be reached", async () => {
    const env = { PULUMI_BACKEND_URL: "file:///nonexistent/backend" };
    const { exitCode, report } = await job.prReport(RIGHT, { env });
    assert.equal(exitCode, ExitCode.BadInput, report);
    assert.match(report, /^\*\*Not known: the preview failed in dev\.\*\*$/m);
    assert.match(report, /\/nonexistent\/backend/);
  });

  it("reports that there is no pulumi", async () => {
    const env = { PATH: path.dirname(process.execPath) };
    const { exitCode, report } = await job.prReport(RIGHT, { env });
    assert.equal(exitCode, ExitCode.BadInput, report);
    assert.match(report, /there is no `pulumi` on the PATH/);
  });

  it("compares with the base branch's posture", async () => {
    const base = path.join(job.outside.folder, "base");
    mkdirSync(base);
    const posture = await job.posture(RIGHT);
    writeFileSync(path.join(base, "dev.json"), JSON.stringify(posture));
    const args = ["--base", base];

    const same = await job.prReport(RIGHT, { args });
    assert.match(same.report, /^\| dev \|.*\| 0 worse, 0 changed, 0 better \|$/m);
    const wrong = await job.prReport(WIKIPEDIA + wikipediaRule("ISTIO_MUTUAL"), { args });
    assert.equal(wrong.exitCode, ExitCode.Violation);
    // The namespace's clients, and any other namespace.
    assert.match(wrong.report, /^\| dev \|.*\| 2 worse, 0 changed, 0 better \|$/m);
    assert.match(
      wrong.report,
      /^\| worse \| default\/my-wikipedia → .* \| default \| 443 \| verdict: ok → violation<br>TLS: PLAIN → ISTIO\\_MUTUAL/m,
    );
  });

  it("says in its verdict on which waivers and disabled rules it rests", async () => {
    const file = path.join(job.outside.folder, "waivers.json");
    const waiver = {
      alias: "default/my-wikipedia",
      who: "team",
      why: "moves",
      until: "9999-12-31",
    };
    const config = { "egress-settings": { waivers: [waiver] }, "egress-inert-rule": "disabled" };
    writeFileSync(file, JSON.stringify(config));
    const args = ["--policy-pack-config", file];
    const wrong = WIKIPEDIA + wikipediaRule("ISTIO_MUTUAL");
    const { exitCode, report } = await job.prReport(wrong, { args });
    assert.equal(exitCode, ExitCode.Ok, report);
    assert.match(
      report,
      /^\*\*Ok in dev\.\*\* It rests on egress-inert-rule disabled \(in dev\); the waiver for alias default\/my-wikipedia \\\(team, until 9999-12-31\\\) \(in dev\)\.$/m,
    );
  });

  describe("about a stack that stands in a cluster", () => {
    let env: Record<string, string>;

    before(async () => {
      const { plane } = await sharedPlane();
      env = { KUBECONFIG: plane.kubeconfig };
      job.outside.write(RIGHT);
      const { exitCode, all } = await job.pulumi(["up", "--yes", "-s", "dev"], env);
      assert.equal(exitCode, 0, all);
    });

    after(async () => {
      const { exitCode, all } = await job.pulumi(["destroy", "--yes", "-s", "dev"], env);
      assert.equal(exitCode, 0, all);
    });

    it("has nothing to say about no change", async () => {
      const { exitCode, report } = await job.prReport(RIGHT, { env });
      assert.equal(exitCode, ExitCode.Ok, report);
      assert.match(
        report,
        /^\| dev \| ✅ ok \| no change \|.*\| 0 worse, 0 changed, 0 better \|$/m,
      );
    });

    it("has nothing to say about no change where the pack's configuration names clients", async () => {
      const file = path.join(job.outside.folder, "clients.json");
      const clients = [{ namespace: "somewhere-else", labels: { app: "web" } }];
      writeFileSync(file, JSON.stringify({ "egress-settings": { clients } }));
      const { report } = await job.prReport(RIGHT, { env, args: ["--policy-pack-config", file] });
      assert.match(report, /somewhere-else:app=web/);
      assert.match(report, /^\| dev \|.*\| 0 worse, 0 changed, 0 better \|$/m);
    });

    const change = RIGHT + wikipediaRule("DISABLE", '"*.example.com"', "more");

    it("says nothing of what isn't known where the cluster answers", async () => {
      const { exitCode, report } = await job.prReport(change, { env });
      assert.equal(exitCode, ExitCode.Ok, report);
      assert.match(report, /^\| create \| DestinationRule \| more-rule \|/m);
      assert.doesNotMatch(report, /couldn't know/);
    });

    it("judges the same without the cluster, and says that it didn't answer", async () => {
      const { exitCode, report } = await job.prReport(change);
      assert.equal(exitCode, ExitCode.Ok, report);
      assert.match(report, /^\| create \| DestinationRule \| more-rule \|/m);
      assert.match(report, /^- No cluster answered: /m);
      const wrong = await job.prReport(WIKIPEDIA + wikipediaRule("ISTIO_MUTUAL"));
      assert.equal(wrong.exitCode, ExitCode.Violation, wrong.report);
      assert.match(wrong.report, /^\| update \| DestinationRule \| my-wikipedia-rule \|/m);
      assert.match(wrong.report, /verdict: ok → violation/);
    });

    describe("and was deployed for an older Istio", () => {
      const forIstio = (istioVersion: string) =>
        job.outside.configure({ [CATALOGUE_KEY]: { mesh: { istioVersion } } });
      const program = RIGHT + declared(PARTNER, "partner");
      let pair: string;

      before(async () => {
        forIstio("1.20");
        job.outside.write(program);
        const { exitCode, all } = await job.pulumi(["up", "--yes", "-s", "dev"], env);
        assert.equal(exitCode, 0, all);
      });

      after(() => job.outside.configure({}));

      it("tells by the preview what the upgrade breaks, from the version of its catalogue", async () => {
        const args = ["--format", "json"];
        const { exitCode, stdout, log } = await job.upgrade(program, { env, args });
        assert.equal(exitCode, ExitCode.Violation, log);
        const { source, rehearsals } = JSON.parse(stdout) as Upgrade;
        assert.equal(source, "stack dev");
        const [{ from, to, changes, preparation }] = rehearsals as [Upgrade["rehearsals"][0]];
        assert.deepEqual([from, to], ["1.20", "1.31"]);
        const broken = changes.filter(({ effect }) => effect === "breaks");
        assert.deepEqual(
          [...new Set(broken.map(({ before, after }) => `${before?.tls} → ${after?.tls}`))],
          ["SIMPLE → no cluster"],
        );
        assert.deepEqual(
          preparation.edits.map(({ object }) => object.kind),
          ["ServiceEntry", "DestinationRule"],
        );
        pair = declared(
          preparation.edits.map(({ object }) => object),
          "pair",
        );
      });

      it("goes minor version by minor version in what was deployed", async () => {
        const args = ["--deployed", "--to", "1.22", "--through"];
        const { exitCode, stdout } = await job.upgrade("", { env, args });
        assert.equal(exitCode, ExitCode.Violation, stdout);
        const [, first, second, ...more] = stdout.split(/^(?=Istio 1\.\d+ → )/m);
        assert.match(first ?? "", /^Istio 1\.20 → 1\.21$[^]*^breaks /m);
        assert.match(second ?? "", /^Istio 1\.2[12] /);
        assert.doesNotMatch(second ?? "", /^breaks /m);
        assert.deepEqual(more, []);
      });

      it("breaks nothing with what it said to write", async () => {
        const { exitCode, stdout } = await job.upgrade(program + pair, { env });
        assert.equal(exitCode, ExitCode.Ok, stdout);
        assert.match(stdout, /^0 break, 0 undecided, /m);
      });

      it("is told in a pull request that names the new version, which must not be merged", async () => {
        forIstio("1.31");
        const { exitCode, report } = await job.prReport(program, { env });
        assert.equal(exitCode, ExitCode.Violation, report);
        assert.match(report, /^\*\*Calls break as istiod is upgraded in dev\.\*\*/m);
        assert.match(report, /^❌ \*\*Istio 1\.20 → 1\.31: calls break as istiod is upgraded/m);
        assert.match(report, /^```yaml\n# ServiceEntry default\/api\.partner\.example, new/m);
      });

      it("may be merged with the pair", async () => {
        forIstio("1.31");
        const { exitCode, report } = await job.prReport(program + pair, { env });
        assert.equal(exitCode, ExitCode.Ok, report);
        assert.match(
          report,
          /<summary>Istio 1\.20 → 1\.31: nothing breaks\. Apply this change, then/,
        );
      });
    });

    it("shows as deployed what the last update left", async () => {
      const { source, rows } = await job.posture("", { args: ["--deployed"] });
      assert.equal(source, "stack dev as deployed");
      assert.deepEqual(
        rows.map(({ alias, client, tls, rule }) => [alias, client, tls, rule]),
        [["default/my-wikipedia", "default", "PLAIN", "default/my-wikipedia"]],
      );
    });
  });
});
