import path from "node:path";
import { type Engine, openEngine, openStack } from "../local/engine.js";
import { type Plane, startPlane } from "../local/plane.js";
import type { Tools } from "../local/tools.js";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { MAIN_PARTS, type Toolchain, ensureToolchain } from "../local/toolchain/index.js";

/** The ignored folder of this checkout that holds the embedded mesh and its engine's state. */
export const STATE = path.join(REPOSITORY, ".state");
export const PLANE_STATE = path.join(STATE, "plane");
export const ENGINE_STATE = path.join(STATE, "engine");

/** The programs of the embedded mesh, out of the toolchain. */
export function meshTools({ binaries, kwokStages }: Toolchain): Tools {
  return {
    etcd: [binaries.etcd],
    kubeApiserver: [binaries["kube-apiserver"]],
    kubeControllerManager: [binaries["kube-controller-manager"]],
    kubeScheduler: [binaries["kube-scheduler"]],
    kwok: [binaries.kwok],
    istiod: [binaries["pilot-discovery"]],
    istioctl: [binaries.istioctl],
    kwokStages: [kwokStages],
  };
}

/** An embedded mesh that is up, and the engine that works on it. */
export interface Embedded {
  plane: Plane;
  engine: Engine;
}

/** Brings up what `npm run up` needs; what is up already is used as it is. */
export async function openEmbedded(report: (line: string) => void): Promise<Embedded> {
  const toolchain = await ensureToolchain(MAIN_PARTS);
  const plane = await startPlane({ stateDir: PLANE_STATE, tools: meshTools(toolchain), report });
  const engine = await openEngine(toolchain, ENGINE_STATE, plane.kubeconfig);
  return { plane, engine };
}

/**
 * The configuration of one of this project's stacks as it holds on the embedded mesh, which is none
 * of the places that the stack was made for: without their cluster and their protection.
 *
 * @param project the folder of Pulumi.yaml; @default this checkout
 * @returns the path for `--config-file`
 */
export function openEmbeddedStack(
  engine: Engine,
  stack: string,
  project = REPOSITORY,
): Promise<string> {
  const elsewhere = ["kubeconfig", "context", "protect"].map((key) => `istio-egress:${key}`);
  return openStack(engine, project, stack, elsewhere);
}
