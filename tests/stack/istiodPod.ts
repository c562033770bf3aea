import { writeFileSync } from "node:fs";
import path from "node:path";
import {
  CoreV1Api,
  KubeConfig,
  type KubernetesObject,
  type V1NodeStatus,
  type V1Pod,
} from "@kubernetes/client-node";
import { execa } from "execa";
import { meshTools } from "../../cli/embedded.js";
import { freePorts, LOOPBACK } from "../../local/ports.js";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import type { TestPlane } from "./sharedPlane.js";

// The API server asks a kubelet by its node's name.
const NODE = "localhost";
const ANNOTATION = "test/kubelet";

/** Commands in a Pod's containers are run on this machine, in this environment. */
export interface PodCommands {
  pod: V1Pod;
  environment: Record<string, string>;
  /** Where the commands' programs are. */
  path: string;
}

/**
 * Puts the plane's istiod into a Pod, as it is in a user's cluster: on a node of its own, whose
 * kubelet (a second kwok) forwards the Pod's port to the istiod that runs beside the cluster.
 *
 * @param commands of Pods on the plane's own node, whose kubelet becomes this one for the time being
 * @returns what takes the Pod, its node and the kubelet away
 */
export async function istiodPod(
  { plane, toolchain, folder }: TestPlane,
  commands: readonly PodCommands[] = [],
): Promise<() => Promise<void>> {
  const [port = 0] = await freePorts(1);
  const credentials = path.dirname(plane.kubeconfig);
  const configs = [portForward(plane.istiod.httpPort), ...commands.map(execution)];
  const files = configs.map((config, index) => {
    const file = path.join(folder, `kubelet-${index}.yaml`);
    writeFileSync(file, JSON.stringify(config));
    return file;
  });
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
      ...files.map((file) => `--config=${file}`),
    ],
    { env: { HOME: folder, PATH: searchPath(commands) }, reject: false, all: true },
  );
  const objects = objectsIn(plane.kubeconfig);
  const giveBack = commands.length > 0 ? await takeOver(plane.kubeconfig, port) : undefined;
  for (const object of OBJECTS) await objects.create(object);
  const [, pod] = OBJECTS;
  await eventually(async () => {
    const { status } = await objects.read<V1Pod>(pod);
    return status?.phase === "Running" || undefined;
  });
  return async () => {
    await giveBack?.();
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

function execution({ pod: { metadata }, environment }: PodCommands): object {
  const envs = Object.entries(environment).map(([name, value]) => ({ name, value }));
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Exec",
    metadata: { name: metadata?.name, namespace: metadata?.namespace },
    spec: { execs: [{ local: { envs } }] },
  };
}

function searchPath(commands: readonly PodCommands[]): string {
  const paths = new Set(commands.map(({ path }) => path));
  return [...paths, process.env.PATH ?? ""].join(path.delimiter);
}

/** Makes a second kubelet the one of the plane's own node. @returns what gives it back */
async function takeOver(kubeconfig: string, port: number): Promise<() => Promise<unknown>> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const nodes = config.makeApiClient(CoreV1Api);
  const put = async (part: V1NodeStatus) => {
    const body = await nodes.readNode({ name: "fake" });
    const status = { ...body.status, ...part };
    return nodes.replaceNodeStatus({ name: "fake", body: { ...body, status } });
  };
  const { addresses = [], daemonEndpoints } = (await nodes.readNode({ name: "fake" })).status ?? {};
  const others = addresses.filter(({ type }) => type !== "Hostname");
  await put({
    addresses: [...others, { type: "Hostname", address: NODE }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  });
  return () => put({ addresses, daemonEndpoints });
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
