import { join } from "node:path";
import type { Tools } from "../../local/tools.js";

/**
 * The real programs, from the folder that ISTIO_EGRESS_TOOLS names: binaries under their own names,
 * and kwok's Stages in `stages/`.
 *
 * @returns undefined when it isn't set
 */
export function toolsForTests(): Tools | undefined {
  const folder = process.env.ISTIO_EGRESS_TOOLS;
  if (folder === undefined) return undefined;
  const command = (name: string) => [join(folder, name)];
  return {
    etcd: command("etcd"),
    kubeApiserver: command("kube-apiserver"),
    kubeControllerManager: command("kube-controller-manager"),
    kubeScheduler: command("kube-scheduler"),
    kwok: command("kwok"),
    istiod: command("pilot-discovery"),
    istioctl: command("istioctl"),
    kwokStages: [join(folder, "stages")],
  };
}
