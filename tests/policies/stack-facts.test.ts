import assert from "node:assert/strict";
import { CATALOGUE_KEY, parseCatalogue } from "../../catalogue/catalogue.js";
import { DEFAULT_FACTS } from "../../mesh/index.js";
import { egressPolicies } from "../../policies/pack.js";
import {
  type EgressSettings,
  meshFacts,
  resolveSettings,
  SettingsError,
} from "../../policies/settings.js";
import { CATALOGUE, catalogueFacts, underCatalogue } from "../../policies/stack-facts.js";
import { itBothWays, preview } from "../harness/index.js";
import { told } from "./engine.js";
import { HTTPBIN, rule, stackOf, tls } from "./stacks.js";

/** A stack's configuration as the engine hands it over. */
function configured(catalogue: unknown): ReadonlyMap<string, string> {
  return new Map([
    ["aws:region", "nowhere"],
    [CATALOGUE, typeof catalogue === "string" ? catalogue : JSON.stringify(catalogue)],
  ]);
}

describe("the mesh facts of a stack", () => {
  it("stand where the program reads its catalogue", () => {
    assert.equal(CATALOGUE, CATALOGUE_KEY);
  });

  const catalogues: [string, Record<string, unknown>][] = [
    ["nothing", {}],
    ["a version", { istioVersion: "1.20" }],
    [
      "everything",
      {
        istioVersion: "1.22.3",
        externalNameAlias: false,
        clusterDomain: "corp.example",
        rootNamespace: "mesh",
        enableAutoMtls: false,
        defaultDestinationRuleExportTo: ["."],
        defaultServiceExportTo: ["n", "."],
        defaultVirtualServiceExportTo: ["~"],
        revision: "canary",
        clusterCidrs: ["10.0.0.0/8", "fd00::/8"],
        externalHosts: ["*.partner.example"],
      },
    ],
  ];
  for (const [what, mesh] of catalogues) {
    it(`are those that the program goes by, where its catalogue says ${what}`, () => {
      const program = parseCatalogue({ mesh, clients: [], aliases: [] }, "Pulumi.dev.yaml").mesh;
      const facts = catalogueFacts(configured({ mesh, clients: [], aliases: [] }));
      assert.deepEqual(facts, { ...DEFAULT_FACTS, ...program });
      const settings = underCatalogue(resolveSettings(), configured({ mesh }));
      assert.deepEqual({ ...DEFAULT_FACTS, ...meshFacts(settings) }, facts);
    });
  }

  it("are the settings' alone where the stack has no catalogue", () => {
    const settings = resolveSettings({ mesh: { istioVersion: "1.22" } });
    assert.equal(catalogueFacts(new Map([["aws:region", "nowhere"]])), undefined);
    assert.deepEqual(underCatalogue(settings, new Map()), settings);
  });

  it("may be repeated by a setting; ranges and hosts of both count", () => {
    const given: EgressSettings = {
      mesh: { istioVersion: "1.24", defaultDestinationRuleExportTo: ["b", "a"] },
      clusterCidrs: ["10.0.0.0/8", "172.16.0.0/12"],
      externalHosts: ["ours.example"],
      outsideNamespaces: ["legacy"],
    };
    const mesh = {
      istioVersion: "1.24",
      defaultDestinationRuleExportTo: ["a", "b"],
      clusterCidrs: ["192.168.0.0/16", "10.0.0.0/8"],
      externalHosts: ["theirs.example"],
    };
    const settings = underCatalogue(resolveSettings(given), configured({ mesh }));
    assert.equal(settings.mesh.istioVersion, "1.24");
    assert.deepEqual(settings.clusterCidrs, ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]);
    assert.deepEqual(settings.externalHosts, ["ours.example", "theirs.example"]);
    assert.deepEqual(settings.outsideNamespaces, ["legacy"]);
  });

  const mistakes: [string, EgressSettings["mesh"], unknown, RegExp[]][] = [
    [
      "another version than the catalogue's",
      { istioVersion: "1.31" },
      { mesh: { istioVersion: "1.20" } },
      [/mesh\.istioVersion: "1\.31" here, "1\.20" by istio-egress:catalogue; write it there/],
    ],
    [
      "another version than the one that a catalogue without one means",
      { istioVersion: "1.20" },
      {},
      [/mesh\.istioVersion: "1\.20" here, "1\.31" by istio-egress:catalogue/],
    ],
    [
      "two facts otherwise, in a line each",
      { enableAutoMtls: false, externalNameAlias: true },
      {},
      [
        /mesh\.enableAutoMtls: false here, true by/,
        /mesh\.externalNameAlias: true here, nothing by/,
      ],
    ],
    [
      "nothing, beside a catalogue that can't be read",
      {},
      { mesh: { istioVersion: 1.2, cidrs: [] } },
      [/istio-egress:catalogue\.mesh\.istioVersion: /, /Unrecognized key: "cidrs"/],
    ],
    ["nothing, beside a catalogue that is text", {}, "some text", [/istio-egress:catalogue: /]],
  ];
  for (const [what, mesh, catalogue, lines] of mistakes) {
    it(`refuse settings that say ${what}`, async () => {
      const settings = resolveSettings({ mesh });
      assert.throws(
        () => underCatalogue(settings, configured(catalogue)),
        (error) => {
          assert.ok(error instanceof SettingsError);
          const [, ...said] = error.message.split("\n");
          assert.equal(said.length, lines.length, error.message);
          lines.forEach((line) => assert.match(error.message, line));
          return true;
        },
      );
      const policies = egressPolicies({ mesh }, undefined, () =>
        told({ stack: configured(catalogue), levels: { "egress-settings": "mandatory" } }),
      );
      const reports = await preview(policies, stackOf(HTTPBIN), { way: "proxied" });
      assert.deepEqual(
        reports.map(({ policy, level }) => [policy, level]),
        [["egress-settings", "mandatory"]],
      );
    });
  }

  const RULE = rule("r", "my-httpbin.default.svc.cluster.local", tls("ISTIO_MUTUAL"));
  for (const [istioVersion, outcome] of [
    ["1.20", "sidecars would send it Istio's mutual TLS"],
    ["1.31", "though no call follows it yet"],
  ] as const) {
    itBothWays(`reach every rule: on Istio ${istioVersion} ${outcome}`, async (way) => {
      const stack = () => told({ stack: configured({ mesh: { istioVersion } }) });
      const policies = egressPolicies({}, undefined, stack);
      const [report] = await preview(policies, stackOf(HTTPBIN, RULE), { way });
      assert.equal(report?.policy, "egress-disallow-istio-mutual");
      assert.ok(report.message.replaceAll("\n  ", " ").includes(outcome), report.message);
    });
  }
});
