import assert from "node:assert/strict";
import { UNKNOWN, unmodelled, type KubeObject } from "../../../mesh/index.js";
import { sidecar } from "../objects.js";

/** An EnvoyFilter with one patch. */
function filter(applyTo: string, operation: string, context?: string): KubeObject {
  return {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { namespace: "n", name: "f" },
    spec: {
      configPatches: [
        { applyTo, match: { context }, patch: { operation, value: { transport_socket: {} } } },
      ],
    },
  };
}

function route(parent: object, kind = "HTTPRoute", rules: unknown = UNKNOWN): KubeObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { namespace: "n", name: "r" },
    spec: { parentRefs: [parent], rules },
  };
}

const NARROW = sidecar("n", "s", { egress: [{ hosts: ["./*"] }] });
const OF_SERVICE = { group: "", kind: "Service", name: "w" };

describe("what isn't modelled is reported", () => {
  const stories: [story: string, objects: KubeObject[], told: string[]][] = [
    ["an EnvoyFilter that changes clusters", [filter("CLUSTER", "MERGE")], ["f"]],
    ["not of one that adds its own", [filter("CLUSTER", "ADD")], []],
    ["not of one for inbound ones", [filter("CLUSTER", "MERGE", "SIDECAR_INBOUND")], []],
    ["not of one for listeners", [filter("LISTENER", "MERGE")], []],
    ["an unknown route of the mesh beside a Sidecar", [route(OF_SERVICE), NARROW], ["r"]],
    ["of another protocol, too", [route(OF_SERVICE, "GRPCRoute"), NARROW], ["r"]],
    ["not of one that is known", [route(OF_SERVICE, "HTTPRoute", []), NARROW], []],
    ["not of one where nothing is narrow", [route(OF_SERVICE)], []],
    ["not of a gateway's", [route({ name: "gateway" }), NARROW], []],
  ];
  for (const [story, objects, told] of stories) {
    it(story, () =>
      assert.deepEqual(
        unmodelled(objects).map(({ object }) => object.name),
        told,
      ),
    );
  }
});
