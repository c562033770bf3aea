import { writeFileSync } from "node:fs";
import path from "node:path";
import type { KubernetesObject, V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { meshTools } from "../../cli/embedded.js";
import { freePorts, LOOPBACK } from "../../local/ports.js";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import type { TestPlane } from "./sharedPlane.js";

// The API server asks a kubelet by its node's name.
const NODE = "localhost";
const ANNOTATION = "test/kubelet";

/**
 * Puts the plane's istiod into a Pod, as it is in a user's cluster: on a node of its own, whose
 * kubelet (a second kwok) forwards the Pod's port to the istiod that runs beside the cluster.
 *
 * @returns what takes the Pod, its node and the kubelet away
 */
export async function istiodPod({
  plane,
  toolchain,
  folder,
}: TestPlane): Promise<() => Promise<void>> {
  const [port = 0] = await freePorts(1);
  const credentials = path.dirname(plane.kubeconfig);
  const forward = path.join(folder, "port-forward.yaml");
  writeFileSync(forward, JSON.stringify(portForward(plane.istiod.httpPort)));
  const { kwok, kwokStages } = meshTools(toolchain);
  const [program = "", ...first] = kwok;
  const kubelet = execa(
    program,
    [
      ...first,
      `--kubeconfig=${path.join(credentials, "kwok.kubeconfig")}`,
      `--manage-nodes-with-annotation-selector=${ANNOTATION}=second`,
      `--node-name=${NODE}`,
      `--node-ip=${LOOPBACK}`,
      `--node-port=${port}`,
      `--server-address=${LOOPBACK}:${port}`,
      `--tls-cert-file=${path.join(credentials, "server.crt")}`,
      `--tls-private-key-file=${path.join(credentials, "server.key")}`,
      "--cidr=10.245.0.1/24",
      "--node-lease-duration-seconds=0",
      ...kwokStages.flatMap((stages) => stageFiles(stages)),
      `--config=${forward}`,
    ],
    { env: { HOME: folder }, reject: false, all: true },
  );
  const objects = objectsIn(plane.kubeconfig);
  for (const object of OBJECTS) await objects.create(object);
  const [, pod] = OBJECTS;
  await eventually(async () => {
    const { status } = await objects.read<V1Pod>(pod);
    return status?.phase === "Running" || undefined;
  });
  return async () => {
    for (const object of [...OBJECTS].reverse()) await objects.delete(object);
    await eventually(() =>
      objects.read(pod).then(
        () => undefined,
        () => true,
      ),
    );
    kubelet.kill();
    await kubelet;
  };
}

function stageFiles(folder: string): string[] {
  return ["node-initialize", "pod-ready", "pod-delete"].map(
    (stage) => `--config=${path.join(folder, `${stage}.yaml`)}`,
  );
}

function portForward(istiodPort: number): object {
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "PortForward",
    metadata: { name: "istiod", namespace: "istio-system" },
    spec: { forwards: [{ ports: [8080], target: { address: LOOPBACK, port: istiodPort } }] },
  };
}

type Named = KubernetesObject & { metadata: { name: string }; spec: object };

const OBJECTS: [Named, Named] = [
  {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: NODE, annotations: { [ANNOTATION]: "second" } },
    // Nothing else is to be scheduled there.
    spec: { unschedulable: true },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "istiod", namespace: "istio-system", labels: { app: "istiod" } },
    spec: { nodeName: NODE, containers: [{ name: "discovery", image: "pilot:1.31.0" }] },
  },
];
