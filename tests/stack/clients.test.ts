import assert from "node:assert/strict";
import type { KubernetesObjectApi, V1Pod } from "@kubernetes/client-node";
import { namespace } from "../local/cluster-client.js";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import { sharedPlane } from "./sharedPlane.js";
import { TestStack } from "./testStack.js";

describe("a client whose sidecar comes or goes, on real parts", function () {
  this.timeout(300_000);

  const given = "given-to-clients";
  let stack: TestStack;
  let objects: KubernetesObjectApi;
  before(async () => {
    const on = await sharedPlane();
    objects = objectsIn(on.plane.kubeconfig);
    await objects.create(namespace(given));
    stack = await TestStack.open({ on });
  });
  after(async () => {
    await stack?.close();
    await objects.delete(namespace(given));
  });

  /** The namespaces' Pods that aren't on their way out, by whether they have a sidecar. */
  async function sidecars(): Promise<boolean[]> {
    const pods = await Promise.all(
      ["made-for-clients", given].map((name) => objects.list<V1Pod>("v1", "Pod", name)),
    );
    return pods
      .flatMap(({ items }) => items)
      .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
      .map(({ spec }) => [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])])
      .map((containers) => containers.some(({ name }) => name === "istio-proxy"));
  }

  for (const injected of [true, false, true]) {
    it(`has Pods ${injected ? "with" : "without"} one when up is through`, async () => {
      const clients = [
        { namespace: "made-for-clients", injected },
        { namespace: given, injected, createNamespace: false },
      ];
      const { exitCode, output } = await stack.up({ clients, aliases: [] });
      assert.equal(exitCode, 0, output);
      await eventually(async () => {
        assert.deepEqual(await sidecars(), [injected, injected]);
        return true;
      });
    });
  }
});
