import assert from "node:assert/strict";
import {
  inertRules,
  judge,
  readMesh,
  UNKNOWN,
  type KubeObject,
  type MeshFacts,
} from "../../../mesh/index.js";
import { IM, MUTUAL, OFF, POOL_ONLY, rule, serviceEntry, W } from "../objects.js";

const policy = (targetRefs: unknown[], annotations = {}): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "BackendTLSPolicy",
  metadata: { namespace: "n", name: "w-tls", annotations },
  spec: { targetRefs, validation: { hostname: "w.example", wellKnownCACertificates: "System" } },
});
const TO_W = { group: "", kind: "Service", name: "w" };
const POLICY = policy([TO_W]);
const ROOT_MUTUAL = rule("istio-system", "all", { host: "*", ...IM });
const ENTRY = serviceEntry("n", "h", {
  hosts: ["h.org"],
  resolution: "DNS",
  ports: [{ number: 443, name: "https", protocol: "TLS" }],
});

/** The verdict for a caller in another namespace, and who decides. */
function verdictOn(objects: KubeObject[], facts: Partial<MeshFacts> = {}): string {
  const [verdict] = judge(readMesh(objects, facts), [{ namespace: "x", labels: {} }]);
  return `${verdict?.verdict} ${verdict?.tls} by ${verdict?.rule?.name}`;
}

describe("a BackendTLSPolicy", () => {
  const stories: [story: string, objects: KubeObject[], expected: string, version?: string][] = [
    [
      "starts TLS, before a rule for the whole mesh",
      [...W, POLICY, ROOT_MUTUAL],
      "ok SIMPLE by w-tls",
    ],
    [
      "is read from Istio 1.28",
      [...W, POLICY, ROOT_MUTUAL],
      "violation ISTIO_MUTUAL by all",
      "1.27",
    ],
    [
      "leaves a rule for the host what that says of TLS",
      [...W, POLICY, rule("n", "w", { host: "w", ...IM })],
      "violation ISTIO_MUTUAL by w",
    ],
    [
      "won over a rule for the host before Istio 1.31",
      [...W, POLICY, rule("n", "w", { host: "w", ...IM }, { created: 1 })],
      "ok SIMPLE by w-tls",
      "1.30",
    ],
    [
      "fills in TLS where a rule for the host says nothing of it",
      [...W, POLICY, rule("n", "w", { host: "w", ...POOL_ONLY })],
      "ok SIMPLE by w-tls",
    ],
    [
      "holds for the port that its section names",
      [...W, policy([{ ...TO_W, sectionName: "https" }]), ROOT_MUTUAL],
      "ok SIMPLE by w-tls",
    ],
    [
      "does nothing for a port that isn't there",
      [...W, policy([{ ...TO_W, sectionName: "web" }]), ROOT_MUTUAL],
      "violation ISTIO_MUTUAL by all",
    ],
    [
      "is passed over where it says so",
      [...W, policy([TO_W], { "istio.io/ignore-policy-attachment": "true" }), ROOT_MUTUAL],
      "violation ISTIO_MUTUAL by all",
    ],
    [
      "may be about the hosts of a ServiceEntry",
      [
        ENTRY,
        policy([{ group: "networking.istio.io", kind: "ServiceEntry", name: "h" }]),
        ROOT_MUTUAL,
      ],
      "ok SIMPLE by w-tls",
    ],
  ];
  for (const [story, objects, expected, istioVersion = "1.31"] of stories) {
    it(story, () => assert.equal(verdictOn(objects, { istioVersion }), expected));
  }

  it("leaves open what is sent where it isn't known what it is for, and blames that", () => {
    for (const target of [UNKNOWN, { ...TO_W, name: UNKNOWN }, { ...TO_W, sectionName: UNKNOWN }]) {
      const mesh = readMesh([...W, policy([target]), ROOT_MUTUAL]);
      const [verdict] = judge(mesh, [{ namespace: "x", labels: {} }]);
      assert.equal(verdict?.verdict, "undecided");
      assert.deepEqual(
        verdict?.unknowns?.map(({ object }) => object.name),
        ["w-tls"],
      );
    }
  });

  it("doesn't make a rule inert whose policy it fills in", () => {
    const both = {
      trafficPolicy: {
        ...OFF.trafficPolicy,
        portLevelSettings: [{ port: { number: 8 }, tls: MUTUAL }],
      },
    };
    for (const spec of [OFF, POOL_ONLY, both]) {
      const mesh = readMesh([...W, POLICY, rule("n", "w", { host: "w", ...spec })]);
      assert.deepEqual(inertRules(mesh), []);
    }
  });
});
