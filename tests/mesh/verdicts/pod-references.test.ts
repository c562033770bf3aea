import assert from "node:assert/strict";
import { judge, readMesh, UNKNOWN, type KubeObject } from "../../../mesh/index.js";
import { HTTPS, IM, OUTSIDE, W_HOST, endpoints, pod, rule, service, slice } from "../objects.js";

const SERVICE = service("n", "w", { ports: [HTTPS] });
const MUTUAL = rule("n", "r", { host: W_HOST, ...IM });
const OF_POD = { targetRef: { kind: "Pod", namespace: "n", name: "p" } };

const POD = pod("n", "p", "10.1.1.1");
const withStatus = (more: Record<string, unknown>): KubeObject => ({
  ...POD,
  status: { ...(POD.status as object), ...more },
});

/** An address that says whose it is, in Endpoints or in a slice. */
const inEndpoints = (ip: string) => endpoints("n", "w", { ip, ...OF_POD });
const inSlice = (ip: string) =>
  slice("n", "w", ip, { endpoints: [{ addresses: [ip], ...OF_POD }] });

describe("an address that a Pod is named for", () => {
  const stories: [story: string, KubeObject, address: string, verdict: string[]][] = [
    ["is the Pod's where the Pod has it", POD, "10.1.1.1", []],
    ["is another server's where the Pod has another", POD, OUTSIDE, ["violation"]],
    [
      "is the Pod's where it is its second one",
      withStatus({ podIPs: [{ ip: "10.1.1.1" }, { ip: "10.2.2.2" }] }),
      "10.2.2.2",
      [],
    ],
    ["counts as the Pod's while the Pod has none", withStatus({ podIP: undefined }), OUTSIDE, []],
    [
      "may be either's while the Pod's isn't known",
      withStatus({ podIP: UNKNOWN }),
      OUTSIDE,
      ["undecided"],
    ],
  ];
  for (const [story, object, address, expected] of stories) {
    for (const [kind, addressed] of [
      ["Endpoints", inEndpoints],
      ["an EndpointSlice", inSlice],
    ] as const) {
      it(`${story}, in ${kind}`, () => {
        const mesh = readMesh([SERVICE, addressed(address), object, MUTUAL]);
        const found = judge(mesh, [{ namespace: "n", labels: {} }]);
        assert.deepEqual(
          found.map(({ verdict }) => verdict),
          expected,
        );
      });
    }
  }
});
