import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { type EngineRun, OutsideProgram } from "./outside-program.js";
import { sharedPlane } from "./sharedPlane.js";

const RULE = "egress-disallow-istio-mutual";
const UNDECIDED = "egress-undecided-tls";
const EARLY = "egress-disallow-istio-mutual-external-host";

/** An alias without a selector, its addresses, and a rule for it, in JavaScript. */
function alias(name: string, host: string, spec: string): string {
  return `
declare({ kind: "Service", metadata: { name: "${name}", namespace: "default" },
  spec: { ports: [{ name: "tls", port: 443 }] } });
declare({ kind: "Endpoints", metadata: { name: "${name}", namespace: "default" },
  subsets: [{ addresses: [{ ip: "198.35.26.96" }], ports: [{ name: "tls", port: 443 }] }] });
${rule(name, host, spec)}`;
}

function rule(name: string, host: string, spec: string): string {
  return `declare({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule",
  metadata: { name: "${name}", namespace: "default" }, spec: { host: ${host}, ${spec} } });`;
}

const tls = (mode: string) => `trafficPolicy: { tls: { mode: "${mode}" } }`;
const fqdn = (name: string) => `"${name}.default.svc.cluster.local"`;

const GROUP = `
new k8s.yaml.ConfigGroup("group", { yaml: \`
apiVersion: v1
kind: Service
metadata: { name: in-yaml, namespace: default }
spec: { ports: [{ name: tls, port: 443 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: in-yaml, namespace: default }
subsets: [{ addresses: [{ ip: 198.35.26.96 }], ports: [{ name: tls, port: 443 }] }]
---
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: { name: in-yaml, namespace: default }
spec: { host: in-yaml, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
\` });`;

/** Two rules for one host, of which the older one's policy holds, and only that. */
const TWO_RULES = `
${alias("my-wikipedia", fqdn("my-wikipedia"), "trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } }")}
${rule("newer", fqdn("my-wikipedia"), tls("ISTIO_MUTUAL"))}`;

describe("the policy pack in a real engine, in a program outside the repository", function () {
  this.timeout(180_000);
  let outside: OutsideProgram;
  let pack: string;

  before(async () => {
    await execa("node", ["policies/build.mjs"], { cwd: REPOSITORY });
    outside = await OutsideProgram.open();
    // The folder is all there is of the pack: nothing is installed in it or above it.
    pack = path.join(outside.folder, "pack");
    cpSync(path.join(REPOSITORY, "policies/dist"), pack, { recursive: true });
  });
  after(() => outside?.close());

  const preview = (program: string, config?: Record<string, unknown>): Promise<EngineRun> =>
    outside.run({ program, pack, ...(config ? { config } : {}) });

  it("refuses a preview, and says which rule, alias, host and level, and what to write", async () => {
    const run = await preview(alias("my-wikipedia", fqdn("my-wikipedia"), tls("ISTIO_MUTUAL")));
    assert.notEqual(run.exitCode, 0);
    assert.equal(run.policies.length, 1, run.output);
    for (const words of [
      RULE,
      "[mandatory]",
      "default/my-wikipedia (198.35.26.96)",
      "DestinationRule default/my-wikipedia",
      "my-wikipedia.default.svc.cluster.local, port 443",
      "trafficPolicy.tls",
      "DISABLE",
    ]) {
      assert.ok(run.output.includes(words), `${words} is missing in:\n${run.output}`);
    }
    const reported = run.output.split(/^ +Istio's mutual TLS must not/m)[1]!.split(/^\w/m)[0]!;
    assert.deepEqual(
      reported.split("\n").filter((line) => line.length > 100),
      [],
    );
  });

  it("finds short names, wildcards, ports, subsets and ports of subsets, each by itself", async () => {
    const run = await preview(
      [
        alias("short", '"short"', tls("ISTIO_MUTUAL")),
        alias("wild", '"*wild.default.svc.cluster.local"', tls("ISTIO_MUTUAL")),
        alias(
          "port",
          fqdn("port"),
          'trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: "ISTIO_MUTUAL" } }] }',
        ),
        alias("subset", fqdn("subset"), `subsets: [{ name: "v1", ${tls("ISTIO_MUTUAL")} }]`),
        alias(
          "both",
          fqdn("both"),
          'subsets: [{ name: "v1", trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: "ISTIO_MUTUAL" } }] } }]',
        ),
      ].join("\n"),
    );
    assert.notEqual(run.exitCode, 0);
    const found = run.policies.map(({ policyName, resourceUrn }) => [
      policyName,
      String(resourceUrn).split("::").at(-1),
    ]);
    assert.deepEqual(
      found.sort(),
      ["both", "port", "short", "subset", "wild"].map((name) => [RULE, name]),
    );
  });

  it("has nothing to say about a stack as it should be", async () => {
    const run = await preview(
      [
        alias("my-wikipedia", fqdn("my-wikipedia"), tls("DISABLE")),
        alias("my-database", '"my-database"', tls("DISABLE")),
      ].join("\n"),
    );
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(run.policies, []);
    assert.match(run.output, /✅ istio-egress@v/);
  });

  it("says what it couldn't judge, and lets no unknown value hide a violation", async () => {
    const undecided = await preview(alias("my-wikipedia", "later()", tls("ISTIO_MUTUAL")));
    assert.equal(undecided.exitCode, 0, undecided.output);
    assert.deepEqual(
      undecided.policies.map(({ policyName, enforcementLevel }) => [policyName, enforcementLevel]),
      [[UNDECIDED, "advisory"]],
    );
    assert.match(
      undecided.output,
      /not known: spec\.host of DestinationRule default\/my-wikipedia/,
    );

    const both = await preview(
      [
        alias("my-wikipedia", fqdn("my-wikipedia"), tls("ISTIO_MUTUAL")),
        rule("elsewhere", "later()", tls("ISTIO_MUTUAL")),
      ].join("\n"),
    );
    assert.notEqual(both.exitCode, 0);
    assert.ok(
      both.policies.some(({ policyName }) => policyName === RULE),
      both.output,
    );
  });

  it("can fail a preview for what it couldn't judge", async () => {
    const program = alias("my-wikipedia", "later()", tls("ISTIO_MUTUAL"));
    const run = await preview(program, { [UNDECIDED]: "mandatory" });
    assert.notEqual(run.exitCode, 0);
  });

  it("sees the children of a YAML group", async () => {
    const run = await preview(GROUP);
    assert.notEqual(run.exitCode, 0);
    assert.match(run.output, /DestinationRule default\/in-yaml/);
  });

  describe("with settings", () => {
    const known = { externalHosts: ["my-wikipedia.default.svc.cluster.local"] };
    const mutual = rule("r", fqdn("my-wikipedia"), tls("ISTIO_MUTUAL"));

    it("refuses a rule for a known external host before anything is created", async () => {
      const config = { "egress-settings": known };
      const run = await outside.run({
        program: mutual,
        pack,
        config,
        command: "up --skip-preview",
      });
      assert.notEqual(run.exitCode, 0);
      assert.ok(
        run.policies.some(({ policyName }) => policyName === EARLY),
        run.output,
      );
      const tried = run.events.filter(({ resOpFailedEvent, resourcePreEvent }) =>
        `${resOpFailedEvent?.metadata.type} ${resourcePreEvent?.metadata.type}`.includes(
          "DestinationRule",
        ),
      );
      assert.deepEqual(tried, [], "the engine never got as far as the rule");
    });

    it("corrects a rule as it was decided for the host, where the level is remediate", async () => {
      const config = {
        "egress-settings": {
          ...known,
          remediation: [
            {
              host: known.externalHosts[0],
              mode: "SIMPLE",
              sni: "en.wikipedia.org",
              subjectAltNames: ["*.wikipedia.org"],
            },
          ],
        },
        [EARLY]: "remediate",
      };
      const run = await preview(mutual, config);
      assert.equal(run.exitCode, 0, run.output);
      const inputs = run.events.map(
        ({ resourcePreEvent }) =>
          resourcePreEvent?.metadata.new?.inputs as
            { spec?: { trafficPolicy?: unknown } } | undefined,
      );
      assert.deepEqual(inputs.find((input) => input?.spec?.trafficPolicy)?.spec?.trafficPolicy, {
        tls: { mode: "SIMPLE", sni: "en.wikipedia.org", subjectAltNames: ["*.wikipedia.org"] },
      });
    });

    it("says in one message that a waiver's day is none", async () => {
      const waivers = [{ alias: "default/x", who: "me", why: "y", until: "soon" }];
      const run = await preview(mutual, { "egress-settings": { waivers } });
      assert.notEqual(run.exitCode, 0);
      assert.match(run.output, /waivers\.0\.until: "soon" is not a day such as 2026-12-31/);
    });
  });
});

describe("the policy pack on a real cluster", function () {
  this.timeout(300_000);
  let outside: OutsideProgram;
  const pack = path.join(REPOSITORY, "policies/dist");

  before(async () => {
    await execa("node", ["policies/build.mjs"], { cwd: REPOSITORY });
    const { plane } = await sharedPlane();
    outside = await OutsideProgram.open(plane.kubeconfig);
  });
  after(() => outside?.close());

  it("sees the children of a YAML group (v2)", async () => {
    const run = await outside.run({ program: GROUP.replace("k8s.yaml.", "k8s.yaml.v2."), pack });
    assert.notEqual(run.exitCode, 0);
    assert.match(run.output, /DestinationRule default\/in-yaml/);
  });

  it("says that a YAML group shows no objects while its content isn't known", async () => {
    const program = 'new k8s.yaml.v2.ConfigGroup("group", { yaml: later() });';
    const run = await outside.run({ program, pack });
    assert.equal(run.exitCode, 0, run.output);
    assert.match(run.output, /egress-undecided-tls.*not seen: group/s);
  });

  it("ends an up in its preview: nothing is created", async () => {
    const program = alias("my-wikipedia", fqdn("my-wikipedia"), tls("ISTIO_MUTUAL"));
    const run = await outside.run({ program, pack, command: "up" });
    assert.notEqual(run.exitCode, 0);
    assert.ok(
      run.policies.some(({ policyName }) => policyName === RULE),
      run.output,
    );
    assert.deepEqual(await outside.resources(), []);
  });

  it("doesn't take a dry run's timestamps for an order of creation", async () => {
    const run = await outside.run({ program: TWO_RULES, pack });
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(
      run.policies.map(({ policyName }) => policyName),
      [UNDECIDED],
      run.output,
    );
    assert.match(run.output, /older/);
  });

  it("has nothing to say in an up of a stack as it should be, nor in the next preview", async () => {
    const program = alias("my-wikipedia", fqdn("my-wikipedia"), tls("DISABLE"));
    for (const command of ["up", "preview"] as const) {
      const run = await outside.run({ program, pack, command });
      assert.equal(run.exitCode, 0, run.output);
      assert.deepEqual(run.policies, [], run.output);
    }
  });
});
