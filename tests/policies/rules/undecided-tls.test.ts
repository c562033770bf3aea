import assert from "node:assert/strict";
import type { PolicyResource } from "@pulumi/policy";
import { type EgressSettings, egressPolicies } from "../../../policies/pack.js";
import { analyzeStack, itBothWays, resource, unknown } from "../../harness/index.js";
import { stackOf, unwrapped, WIKIPEDIA } from "../stacks.js";

const NAME = "egress-undecided-tls";

const FILTER = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: sockets, namespace: default }
spec:
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND }
      patch: { operation: MERGE, value: { transport_socket: { name: raw_buffer } } }
`;

describe(NAME, () => {
  const reports = async (
    stack: string[],
    way: "raw" | "proxied",
    settings: EgressSettings = {},
    more: PolicyResource[] = [],
  ) =>
    (await analyzeStack(egressPolicies(settings), [...stackOf(...stack), ...more], { way })).filter(
      ({ policy }) => policy === NAME,
    );

  itBothWays("reports an EnvoyFilter that may change the TLS towards an alias", async (way) => {
    const [report, ...others] = await reports([WIKIPEDIA, FILTER], way);
    assert.match(unwrapped(report?.message), /EnvoyFilter default\/sockets/);
    assert.equal(report?.level, "advisory");
    assert.deepEqual(others, []);
  });

  itBothWays("says nothing of one where there is no alias", async (way) => {
    assert.deepEqual(await reports([FILTER], way), []);
  });

  describe("reports an alias whose Service is in another stack", () => {
    const endpoints = (address: string) => `
apiVersion: v1
kind: Endpoints
metadata: { name: my-wikipedia, namespace: default }
subsets: [{ addresses: [${address}], ports: [{ name: tls, port: 443 }] }]
`;
    const slice = (name: string, address: string) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, namespace: default, labels: { kubernetes.io/service-name: my-wikipedia } }
addressType: IPv4
endpoints: [{ addresses: ["${address}"] }]
`;
    const HOST = "my-wikipedia.default.svc.cluster.local";
    const told: [string, string[]][] = [
      ["Endpoints", [endpoints("{ ip: 198.35.26.96 }")]],
      ["an EndpointSlice", [slice("s", "198.35.26.96")]],
      ["addresses that aren't known yet", [endpoints(`{ ip: ${unknown} }`)]],
      [
        "an address outside among Pods",
        [endpoints("{ ip: 10.1.2.3, targetRef: { kind: Pod, name: p } }, { ip: 198.35.26.96 }")],
      ],
    ];
    for (const [what, stack] of told) {
      itBothWays(`by ${what}`, async (way) => {
        const [report, ...others] = await reports(stack, way);
        assert.match(
          unwrapped(report?.message),
          /^alias: default\/my-wikipedia\nbecause: Endpoint/,
        );
        assert.ok(unwrapped(report?.message).includes(`name ${HOST} in the setting externalHosts`));
        assert.deepEqual(others, []);
      });
    }
    const SOMEONE = { who: "team", why: "w", until: "9999-12-31", policy: NAME };
    const silent: [string, string[], EgressSettings][] = [
      ["the Service is here", [WIKIPEDIA], {}],
      ["the settings name it", [endpoints("{ ip: 198.35.26.96 }")], { externalHosts: [HOST] }],
      [
        "the settings name its namespace",
        [endpoints("{ ip: 198.35.26.96 }")],
        { externalHosts: ["*.default.svc.cluster.local"] },
      ],
      [
        "its addresses are Pods'",
        [endpoints("{ ip: 10.1.2.3, targetRef: { kind: Pod, name: p } }")],
        {},
      ],
      [
        "its addresses are inside",
        [endpoints("{ ip: 10.1.2.3 }")],
        { clusterCidrs: ["10.0.0.0/8"] },
      ],
      [
        "someone answers for it",
        [endpoints("{ ip: 198.35.26.96 }")],
        { waivers: [{ alias: "default/my-wikipedia", ...SOMEONE }] },
      ],
    ];
    for (const [what, stack, settings] of silent) {
      itBothWays(`but not where ${what}`, async (way) => {
        assert.deepEqual(await reports(stack, way, settings), []);
      });
    }

    itBothWays(
      "leaves out a resource that can't be seen and that someone answers for",
      async (way) => {
        const command = (name: string) =>
          resource({ type: "command:local:Command", name, props: {}, provider: {} });
        const more = [command("seen-to"), command("forgotten")];
        const waivers = [{ resource: "seen-to", ...SOMEONE }];
        const [report, ...others] = await reports([WIKIPEDIA], way, { waivers }, more);
        assert.match(report?.message ?? "", /^not seen: forgotten$/m);
        assert.deepEqual(others, []);
      },
    );
  });
});
