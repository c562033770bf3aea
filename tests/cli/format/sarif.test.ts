import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import type { Log, Result } from "sarif";
import { judgementSarif } from "../../../cli/format/sarif.js";
import type { Judgement } from "../../../cli/judgement.js";
import { parseManifests } from "../../../cli/input/manifests.js";
import type { RuleLevel, Verdict } from "../../../mesh/index.js";
import { judgement, ref, verdict } from "./sample.js";

const RULE = ref("DestinationRule", "shop/mesh-mtls");

function runOf(more: Partial<Judgement>) {
  const log = JSON.parse([...judgementSarif([judgement(more)], "1.2.3")].join("")) as Log;
  assert.equal(log.version, "2.1.0");
  const [run] = log.runs;
  assert.ok(run?.results && run.tool.driver.rules);
  const { invocations } = run;
  return {
    results: run.results,
    invocations,
    driver: run.tool.driver,
    rules: run.tool.driver.rules,
  };
}

function violation(level: RuleLevel, more: Partial<Verdict> = {}): Verdict {
  return verdict(2, {
    verdict: "violation",
    kind: "live",
    tls: "ISTIO_MUTUAL",
    rule: RULE,
    level,
    ...more,
  });
}

function placeOf(result: Result | undefined) {
  const place = result?.locations?.[0]?.physicalLocation;
  return place && [place.artifactLocation?.uri, place.region?.startLine];
}

describe("SARIF", () => {
  it("names its rules as the policy pack does, and every result refers to one of them", () => {
    const { results, driver, rules } = runOf({
      verdicts: [violation("top"), verdict(0, { verdict: "undecided" }), verdict(1)],
      inert: [{ rule: RULE, host: "x", reason: "dead-host", instead: "" }],
      shadowed: [
        { rule: RULE, by: RULE, alias: verdict(0).alias, host: "x", client: { namespace: "a" } },
      ],
    });
    assert.equal(driver.version, "1.2.3");
    assert.deepEqual(
      results.map(({ ruleId, level }) => [ruleId, level]),
      [
        ["egress-disallow-istio-mutual", "error"],
        ["egress-undecided-tls", "warning"],
        ["egress-inert-rule", "note"],
        ["egress-shadowed-rule", "note"],
      ],
    );
    for (const result of results) {
      assert.equal(rules[result.ruleIndex ?? -1]?.id, result.ruleId);
      assert.ok(result.message.text, "a message");
      assert.ok(result.locations?.length, "a location");
    }
  });

  it("knows no rule that the policy pack doesn't document", () => {
    const documented = readdirSync(path.join(__dirname, "../../../docs/rules"));
    for (const { id } of runOf({}).rules) assert.ok(documented.includes(`${id}.md`), id);
  });

  const levels: [level: RuleLevel, more: Partial<Verdict>, line: number][] = [
    ["top", {}, 11],
    ["port", { port: 443 }, 16],
    ["subset", { subset: "v2", port: 80 }, 22],
    ["subset-port", { subset: "v2", port: 443 }, 26],
  ];
  for (const [level, more, line] of levels) {
    it(`points at the tls mode that decided on level ${level}`, () => {
      const { results } = runOf({ verdicts: [violation(level, more)] });
      assert.deepEqual(placeOf(results[0]), ["deploy/rule.yaml", line]);
    });
  }

  it("points at the nearest line there is where the deciding block was written otherwise", () => {
    const { results } = runOf({ verdicts: [violation("subset", { subset: "v9" })] });
    assert.deepEqual(placeOf(results[0]), ["deploy/rule.yaml", 18]);
  });

  it("points at the object whose unknown value left it undecided", () => {
    const unknowns = [{ object: RULE, path: "spec.host" }];
    const { results } = runOf({ verdicts: [verdict(0, { verdict: "undecided", unknowns })] });
    assert.deepEqual(placeOf(results[0]), ["deploy/rule.yaml", 8]);
  });

  it("keeps the identity of a finding apart for each client, port and subset", () => {
    const { results } = runOf({
      verdicts: [
        violation("top"),
        violation("top", { port: 80 }),
        violation("top", { subset: "v1" }),
      ],
    });
    const identities = results.map((result) => result.partialFingerprints?.["istioEgress/v1"]);
    assert.equal(new Set(identities).size, 3);
  });

  it("names the object where it came from no file", () => {
    const text =
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: mesh-mtls, namespace: shop}\n";
    for (const manifests of [[], [...parseManifests(text, "-")]]) {
      const { results } = runOf({ verdicts: [violation("top")], manifests });
      assert.equal(placeOf(results[0]), undefined);
      const [logical] = results[0]?.locations?.[0]?.logicalLocations ?? [];
      assert.equal(logical?.fullyQualifiedName, "DestinationRule/shop/mesh-mtls");
    }
  });

  it("writes paths as URIs", () => {
    const text =
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: mesh-mtls, namespace: shop}\n";
    const uris: [file: string, uri: string][] = [
      ["./my files/rule.yaml", "my%20files/rule.yaml"],
      ["a#1?b=50%.yaml", "a%231%3Fb%3D50%25.yaml"],
      ["x:y.yaml", "x%3Ay.yaml"],
      ["../other/é.yaml", "../other/%C3%A9.yaml"],
      ["/deploy/a b#.yaml", "file:///deploy/a%20b%23.yaml"],
    ];
    for (const [file, uri] of uris) {
      const manifests = [...parseManifests(text, file)];
      const { results } = runOf({ verdicts: [violation("top")], manifests });
      assert.equal(placeOf(results[0])?.[0], uri);
    }
  });

  it("reports as notifications what was decided when the objects were read", () => {
    const { invocations } = runOf({ notes: ["Service n/a is given twice."] });
    assert.deepEqual(invocations, [
      {
        executionSuccessful: true,
        toolExecutionNotifications: [
          { level: "note", message: { text: "Service n/a is given twice." } },
        ],
      },
    ]);
  });
});
