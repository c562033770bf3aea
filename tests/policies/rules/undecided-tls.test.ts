import assert from "node:assert/strict";
import { egressPolicies } from "../../../policies/pack.js";
import { analyzeStack, itBothWays } from "../../harness/index.js";
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
  const reports = async (stack: string[], way: "raw" | "proxied") =>
    (await analyzeStack(egressPolicies(), stackOf(...stack), { way })).filter(
      ({ policy }) => policy === NAME,
    );

  itBothWays("tells of an EnvoyFilter that may change the TLS towards an alias", async (way) => {
    const [report, ...others] = await reports([WIKIPEDIA, FILTER], way);
    assert.match(unwrapped(report?.message), /EnvoyFilter default\/sockets/);
    assert.equal(report?.level, "advisory");
    assert.deepEqual(others, []);
  });

  itBothWays("says nothing of one where there is no alias", async (way) => {
    assert.deepEqual(await reports([FILTER], way), []);
  });
});
