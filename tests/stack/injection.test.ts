import assert from "node:assert/strict";
import type { KubernetesObjectApi, V1Pod } from "@kubernetes/client-node";
import { namespace } from "../local/cluster-client.js";
import { eventually } from "../local/eventually.js";
import { INJECTIONS, labelsIn } from "../policies/rules/injection.js";
import { objectsIn } from "./kube.js";
import { sharedPlane } from "./sharedPlane.js";

describe("which labels bring a sidecar, on real parts", function () {
  this.timeout(120_000);

  const name = "labelled";
  let objects: KubernetesObjectApi;

  before(async () => {
    objects = objectsIn((await sharedPlane()).plane.kubeconfig);
    await objects.create(namespace(name));
  });

  after(async () => {
    await objects.delete(namespace(name));
    const gone = () =>
      objects.read(namespace(name)).then(
        () => undefined,
        () => true,
      );
    await eventually(gone);
  });

  /** The containers of a Pod as the API server would store it. */
  async function containersWith(pod: Record<string, string>): Promise<string[] | undefined> {
    const made = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "sleep", namespace: name, labels: pod },
      spec: { containers: [{ name: "sleep", image: "curlimages/curl" }] },
    };
    const { spec } = (await objects.create(made, undefined, "All")) as V1Pod;
    return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name }) => name);
  }

  for (const injection of INJECTIONS) {
    const { pod, injected } = injection;
    it(`${injected ? "injects into" : "leaves alone"} ${labelsIn(injection)}`, async () => {
      await objects.replace(namespace(name, injection.namespace));
      const containers = await containersWith(pod);
      assert.equal(containers?.includes("istio-proxy"), injected, String(containers));
    });
  }
});
