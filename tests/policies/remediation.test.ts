import assert from "node:assert/strict";
import { egressPolicies } from "../../policies/pack.js";
import type { EgressSettings } from "../../policies/settings.js";
import { itBothWays, kubernetesResource, remediate, unknown } from "../harness/index.js";
import { objectsOf, rule } from "./stacks.js";

const NAME = "egress-disallow-istio-mutual-external-host";
const HOST = "my-wikipedia.default.svc.cluster.local";
const SIMPLE = {
  host: HOST,
  mode: "SIMPLE",
  sni: "en.wikipedia.org",
  subjectAltNames: ["*.wikipedia.org"],
};
const WRITTEN = { mode: "SIMPLE", sni: "en.wikipedia.org", subjectAltNames: ["*.wikipedia.org"] };
const WAIVER = {
  host: HOST,
  who: "team-web",
  why: "the client speaks TLS itself",
  until: "2026-12-31",
};

const EVERYWHERE = `trafficPolicy:
  connectionPool: { tcp: { maxConnections: 10 } }
  tls: { mode: ISTIO_MUTUAL }
  portLevelSettings:
    - { port: { number: 443 }, tls: { mode: ISTIO_MUTUAL } }
    - { port: { number: 80 }, tls: { mode: DISABLE } }
subsets:
  - { name: v1, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }`;

/** The properties of a rule after remediation, if there was one. */
function remedied(
  settings: EgressSettings,
  way: "raw" | "proxied",
  { host = "my-wikipedia", spec = EVERYWHERE, level = "remediate" as const } = {},
): Promise<Record<string, unknown> | undefined> {
  const [object] = objectsOf(rule("r", host, spec));
  const policies = egressPolicies(settings, () => new Date("2026-06-15"));
  const config = { [NAME]: { enforcementLevel: level } };
  return remediate(policies, kubernetesResource(object!), { way, config });
}

describe("remediation", () => {
  itBothWays(
    "writes what was decided for the host in every place, and nothing else",
    async (way) => {
      const properties = await remedied({ remediation: [SIMPLE] } as EgressSettings, way);
      assert.deepEqual(properties?.spec, {
        host: "my-wikipedia",
        trafficPolicy: {
          connectionPool: { tcp: { maxConnections: 10 } },
          tls: WRITTEN,
          portLevelSettings: [
            { port: { number: 443 }, tls: WRITTEN },
            { port: { number: 80 }, tls: { mode: "DISABLE" } },
          ],
        },
        subsets: [{ name: "v1", trafficPolicy: { tls: WRITTEN } }],
      });
    },
  );

  itBothWays("leaves rules for other hosts alone", async (way) => {
    const settings = { remediation: [SIMPLE] } as EgressSettings;
    assert.equal(await remedied(settings, way, { host: "reviews" }), undefined);
    assert.equal(await remedied(settings, way, { host: unknown }), undefined);
  });

  itBothWays("has nothing to do for a rule without ISTIO_MUTUAL", async (way) => {
    const spec = "trafficPolicy: { tls: { mode: SIMPLE } }";
    assert.equal(
      await remedied({ remediation: [SIMPLE] } as EgressSettings, way, { spec }),
      undefined,
    );
  });

  itBothWays("never turns to plaintext by itself", async (way) => {
    const settings: EgressSettings = { remediation: [{ host: HOST, mode: "DISABLE" }] };
    assert.equal(await remedied(settings, way), undefined);
    assert.equal(await remedied({ ...settings, waivers: [WAIVER] }, way), undefined);
    const expired = { ...WAIVER, mode: "DISABLE" as const, until: "2026-01-31" };
    assert.equal(await remedied({ ...settings, waivers: [expired] }, way), undefined);
  });

  itBothWays("turns to plaintext where a waiver says DISABLE", async (way) => {
    const settings: EgressSettings = {
      remediation: [{ host: HOST, mode: "DISABLE" }],
      waivers: [{ ...WAIVER, mode: "DISABLE" }],
    };
    const properties = await remedied(settings, way);
    const { trafficPolicy } = properties?.spec as { trafficPolicy: { tls: unknown } };
    assert.deepEqual(trafficPolicy.tls, { mode: "DISABLE" });
  });

  itBothWays("is off unless the rule's level asks for it", async (way) => {
    const settings = { remediation: [SIMPLE] } as EgressSettings;
    assert.equal(await remedied(settings, way, { level: "mandatory" as "remediate" }), undefined);
  });
});
