import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { V1ValidatingWebhookConfiguration } from "@kubernetes/client-node";
import { meshTools } from "../../cli/embedded.js";
import { type Plane, startPlane, stopPlane } from "../../local/plane.js";
import { MAIN_PARTS, type Toolchain, ensureToolchain } from "../../local/toolchain/index.js";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import { onTermination } from "./termination.js";

/** A running embedded mesh, and the programs that it and its engine are made of. */
export interface TestPlane {
  toolchain: Toolchain;
  plane: Plane;
  /** A folder that goes when the plane goes. */
  folder: string;
  stop(): Promise<void>;
}

/** Starts an embedded mesh of the caller's own, who stops it. */
export async function ownPlane(): Promise<TestPlane> {
  const toolchain = await ensureToolchain(MAIN_PARTS);
  const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-test-"));
  const stateDir = path.join(folder, "plane");
  const remove = async () => {
    await stopPlane(stateDir);
    rmSync(folder, { recursive: true, force: true });
  };
  const isRemoved = onTermination(remove);
  const stop = async () => {
    await remove();
    isRemoved();
  };
  try {
    const plane = await startPlane({ stateDir, tools: meshTools(toolchain) });
    await untilAtRest(plane.kubeconfig);
    return { toolchain, plane, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A moment after it works istiod says so, by failurePolicy: its last change of the cluster by itself. */
export function untilAtRest(kubeconfig: string): Promise<true> {
  const [apiVersion, kind] = ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"];
  return eventually(async () => {
    const { items } = await objectsIn(kubeconfig).list(apiVersion, kind);
    const webhooks = (items as V1ValidatingWebhookConfiguration[]).flatMap((c) => c.webhooks ?? []);
    return webhooks.every(({ failurePolicy }) => failurePolicy === "Fail") || undefined;
  });
}
