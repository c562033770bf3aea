import assert from "node:assert/strict";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { execa } from "execa";
import type { Context } from "mocha";
import type { KubernetesObjectApi, V1Pod } from "@kubernetes/client-node";
import { Lab } from "../../local/lab/lab.js";
import type { Answer } from "../../local/lab/network.js";
import { podHost } from "../../local/lab/pod.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { ensureToolchain } from "../../local/toolchain/index.js";
import { objectsIn } from "../stack/kube.js";
import { type TestPlane, ownPlane } from "../stack/sharedPlane.js";
import { type TestCatalogue, TestStack } from "../stack/testStack.js";
import { labCatalogue } from "./catalogue.js";
import { CERTIFICATES, OUTSIDE, Origins } from "./origins.js";
import { skipWithoutNetworks } from "./requirements.js";
import { Sidecar } from "./sidecar.js";

/** The dev stack, up on an embedded mesh, with its Pods on a network and the world outside. */
export interface TestLab {
  on: TestPlane;
  stack: TestStack;
  /** Brings the stack up with another catalogue. @returns what changed */
  up(catalogue: TestCatalogue): Promise<string[]>;
  objects: KubernetesObjectApi;
  lab: Lab;
  origins: Origins;
  /** The sidecar of the client in the mesh. */
  sidecar: Sidecar;
  /** The task's two Pods. */
  clients: { inMesh: Client; outsideMesh: Client };
}

/** A Pod to call from. */
export interface Client {
  /** Its Pod in the network. */
  host: string;
  /** Its Pod's IP address. */
  address: string;
  /** What `kubectl exec` of a shell's command line would say. */
  exec(line: string): Promise<Answer>;
}

let shared: Promise<TestLab> | undefined;
let closing: (() => Promise<unknown>)[] = [];

/**
 * The lab that all files of one mocha run share, with a catalogue's aliases in it. Where this machine
 * can't have one, all tests of the file are skipped, and it is said why.
 */
export async function sharedLab(
  context: Context,
  catalogue: TestCatalogue = labCatalogue(),
): Promise<TestLab> {
  await skipWithoutNetworks(context);
  const lab = await (shared ??= openLab(catalogue));
  await lab.up(catalogue);
  return lab;
}

async function openLab(catalogue: TestCatalogue): Promise<TestLab> {
  await ensureToolchain(["pilot-agent", "kube-proxy", "coredns"]);
  const on = await ownPlane();
  closing.unshift(() => on.stop());
  await execa("node", ["policies/build.mjs"], { cwd: REPOSITORY });
  const stack = await TestStack.open({ on, policyPacks: [path.join(REPOSITORY, "policies")] });
  let current: TestCatalogue | undefined;
  const up = async (wanted: TestCatalogue) => {
    if (isDeepStrictEqual(wanted, current)) return [];
    const run = await stack.up(wanted);
    assert.equal(run.exitCode, 0, run.output);
    current = structuredClone(wanted);
    return run.changes;
  };
  // The network waits for nothing of the stack but its Pods.
  const [, { lab, origins }] = await Promise.all([up(catalogue), openNetwork(on)]);
  const objects = objectsIn(on.plane.kubeconfig);
  const [inMesh, outsideMesh] = await Promise.all(
    ["default", "without-istio"].map((namespace) => sleepPod(objects, namespace)),
  );
  await Promise.all([inMesh!, outsideMesh!].map((pod) => lab.addPod(pod)));
  return {
    on,
    stack,
    up,
    objects,
    lab,
    origins,
    sidecar: new Sidecar(lab.network, podHost(inMesh!)),
    clients: { inMesh: clientOf(lab, inMesh!), outsideMesh: clientOf(lab, outsideMesh!) },
  };
}

async function openNetwork(on: TestPlane) {
  const lab = await Lab.open({ ...on, names: OUTSIDE });
  closing.unshift(() => lab.close());
  return { lab, origins: await Origins.start(lab.network) };
}

async function sleepPod(objects: KubernetesObjectApi, namespace: string): Promise<V1Pod> {
  const selector = "app=sleep";
  const list = await objects.list<V1Pod>(
    "v1",
    "Pod",
    namespace,
    undefined,
    undefined,
    undefined,
    undefined,
    selector,
  );
  assert.equal(list.items.length, 1, `Pods ${selector} in ${namespace}`);
  return list.items[0]!;
}

function clientOf({ network }: Lab, pod: V1Pod): Client {
  // An image with curl trusts public authorities; here it trusts the origins' own instead.
  const environment = { CURL_CA_BUNDLE: CERTIFICATES.authority };
  return {
    address: pod.status?.podIP ?? "",
    host: podHost(pod),
    exec: (line) => network.run(podHost(pod), ["sh", "-c", line], { environment }),
  };
}

// Outside any describe, so after everything.
after(async function () {
  this.timeout(60_000);
  await shared?.catch(() => undefined);
  for (const close of closing) await close();
  closing = [];
  shared = undefined;
});
