import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { PartInputs } from "./control-plane.js";
import type { KubeObject } from "./kube-object.js";
import { type Part, planeFiles } from "./part.js";
import { LOOPBACK } from "./ports.js";

const ANNOTATION = "kwok.x-k8s.io/node";
const POD_CIDR = "10.244.0.1/16";
/** The fake node's address; on this machine nobody has it. */
export const NODE_ADDRESS = "10.0.0.1";

/** kwok: plays the kubelet of the fake node, so that Pods get an address and become ready. */
export function kwokPart({ stateDir, tools, ports, credentials }: PartInputs): Part {
  return {
    name: "kwok",
    command: [
      ...tools.kwok,
      `--kubeconfig=${credentials.kubeconfigs.kwok}`,
      `--manage-nodes-with-annotation-selector=${ANNOTATION}=fake`,
      `--cidr=${POD_CIDR}`,
      `--node-ip=${NODE_ADDRESS}`,
      // No controller looks at leases here; a node without one stays as it is.
      "--node-lease-duration-seconds=0",
      `--server-address=${LOOPBACK}:${ports.kwok}`,
      ...stageFiles(tools.kwokStages).map((file) => `--config=${file}`),
    ],
    environment: { HOME: planeFiles(stateDir).home("kwok") },
    health: { url: `http://${LOOPBACK}:${ports.kwok}/healthz` },
  };
}

/** The YAML files named, or in the folders named, that hold Stages. */
function stageFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml")
      .sort()
      .map((file) => join(path, file));
  });
}

/** The fake node, and what kwok may do: its own program's needs and no more. */
export function kwokObjects(): KubeObject[] {
  return [
    {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: "fake",
        annotations: { [ANNOTATION]: "fake" },
        labels: { "kubernetes.io/hostname": "fake", "kubernetes.io/os": "linux" },
      },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "kwok-controller" },
      rules: [
        rule("nodes", "get list watch"),
        rule("pods", "get list watch patch delete"),
        rule("nodes/status pods/status", "patch update"),
        rule("events", "create patch"),
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "kwok-controller" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "kwok-controller",
      },
      subjects: [{ kind: "ServiceAccount", namespace: "kube-system", name: "kwok-controller" }],
    },
  ];
}

function rule(resources: string, verbs: string) {
  return { apiGroups: [""], resources: resources.split(" "), verbs: verbs.split(" ") };
}
