import assert from "node:assert/strict";
import type { Policies, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { analyzeStack, itBothWays, preview, remediate, resource, unknown } from "./index.js";

const stackPolicy = (validateStack: StackValidationPolicy["validateStack"]): Policies => [
  { name: "p", description: "d", enforcementLevel: "mandatory", validateStack },
];

const resourcePolicy = (more: Partial<ResourceValidationPolicy>): Policies => [
  { name: "p", description: "d", enforcementLevel: "mandatory", ...more },
];

/** Reads a value as a policy does that doesn't think of previews. */
const careless = stackPolicy(({ resources }, report) => {
  for (const { props } of resources) {
    const { host } = props as { host: string };
    if (host === "bad") report("bad host");
  }
});

const withHost = (host: string) => resource({ type: "t", props: { host } });

describe("the test bench", () => {
  it("shows what a careless policy does in a preview: one unknown value silences it", async () => {
    const resources = [withHost(unknown), withHost("bad")];
    const raw = await analyzeStack(careless, resources, { way: "raw" });
    assert.deepEqual(
      raw.map(({ message }) => message),
      ["bad host"],
    );
    const [skipped, ...others] = await analyzeStack(careless, resources, { way: "proxied" });
    assert.equal(skipped?.level, "advisory");
    assert.match(skipped?.message ?? "", /^can't run: string value at \.host can't be known/);
    assert.deepEqual(others, []);
  });

  itBothWays("reports at the resource, or at the one that the policy names", async (way) => {
    const policies = resourcePolicy({
      validateResource: (_, report) => {
        report("here");
        report("there", "urn:there");
      },
    });
    const here = withHost("h");
    const reports = await preview(policies, [here], { way });
    assert.deepEqual(
      reports.map(({ urn }) => urn),
      [here.urn, "urn:there"],
    );
  });

  itBothWays("goes by the configured level and hands over the rest", async (way) => {
    const policies = stackPolicy((args, report) => report(JSON.stringify(args.getConfig())));
    const run = (config: Parameters<typeof preview>[2]["config"]) =>
      preview(policies, [], { way, ...(config ? { config } : {}) });
    assert.deepEqual(await run(undefined), [{ policy: "p", level: "mandatory", message: "{}" }]);
    assert.deepEqual(await run({ p: { enforcementLevel: "advisory", a: 1 } }), [
      { policy: "p", level: "advisory", message: '{"a":1}' },
    ]);
    assert.deepEqual(await run({ p: { enforcementLevel: "disabled" } }), []);
  });

  itBothWays("takes notApplicable for an answer, and errors for errors", async (way) => {
    const notApplicable = stackPolicy((args) => args.notApplicable("no"));
    assert.deepEqual(await preview(notApplicable, [], { way }), []);
    const broken = stackPolicy(() => {
      throw new TypeError("broken");
    });
    await assert.rejects(preview(broken, [], { way }), TypeError);
  });

  itBothWays("gives every policy its own copy", async (way) => {
    const vandal = (name: string): Policies[number] => ({
      name,
      description: "d",
      validateStack: ({ resources }, report) => {
        for (const { props } of resources) {
          report(String(props.host));
          (props as Record<string, unknown>).host = "changed";
        }
      },
    });
    const reports = await preview([vandal("a"), vandal("b")], [withHost("h")], { way });
    assert.deepEqual(
      reports.map(({ message }) => message),
      ["h", "h"],
    );
  });

  itBothWays(
    "remediates only where the level says so, and leaves the fixture alone",
    async (way) => {
      const policies = resourcePolicy({
        remediateResource: ({ props }) => {
          (props as Record<string, unknown>).host = "good";
          return props;
        },
      });
      const bad = withHost("bad");
      const config = { p: { enforcementLevel: "remediate" as const } };
      assert.equal(await remediate(policies, bad, { way }), undefined);
      assert.deepEqual(await remediate(policies, bad, { way, config }), { host: "good" });
      assert.deepEqual(bad.props, { host: "bad" });
    },
  );
});
