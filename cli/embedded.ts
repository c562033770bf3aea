import { rmdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { type Engine, enterCluster, openEngine, openStack } from "../local/engine.js";
import { withLock } from "../local/lock.js";
import { type Plane, kubeconfigOf, startPlane } from "../local/plane.js";
import type { Config } from "../local/stack-file.js";
import type { Tools } from "../local/tools.js";
import { REPOSITORY, cacheRoot } from "../local/toolchain/cache.js";
import {
  type EmbeddedIstio,
  ISTIO_VERSION,
  MAIN_PARTS,
  type Toolchain,
  ensureToolchain,
  olderIstio,
} from "../local/toolchain/index.js";
import { ApiServer } from "./kube/api-server.js";
import { onEmbedded } from "./embedded-config.js";
import { ENGINE_STATE, PLANE_STATE, STATE, STATE_LOCK } from "./state.js";
import { endLeftovers } from "./stack/update.js";

/**
 * Runs what works on this checkout's embedded mesh or its engine while no other command does: the
 * second one waits for the first, and says so.
 */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await withLock(STATE_LOCK, work, {
      patience: Infinity,
      onWait: (pid) =>
        report(`Another command (process ${pid}) works on this checkout's mesh; waiting for it.`),
    });
  } finally {
    removeIfEmpty(STATE);
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is in use.
  }
}

/** Reports progress to people, apart from what is printed for programs. */
export function report(line: string): void {
  console.error(line);
}

/** The programs of the embedded mesh, out of the toolchain. */
export function meshTools(
  { binaries, kwokStages, chartsOf }: Toolchain,
  istioVersion: EmbeddedIstio = ISTIO_VERSION,
): Tools {
  return {
    etcd: [binaries.etcd],
    kubeApiserver: [binaries["kube-apiserver"]],
    kubeControllerManager: [binaries["kube-controller-manager"]],
    kubeScheduler: [binaries["kube-scheduler"]],
    kwok: [binaries.kwok],
    ...(istioVersion === ISTIO_VERSION
      ? { istiod: [binaries["pilot-discovery"]] }
      : {
          istiod: [binaries[`pilot-discovery-${istioVersion}`]],
          charts: chartsOf(istioVersion),
        }),
    istioVersion,
    istioctl: [binaries.istioctl],
    kwokStages: [kwokStages],
    manifests: path.join(cacheRoot(), "manifests"),
  };
}

/** An embedded mesh that is up, and the engine that works on it. */
export interface Embedded {
  plane: Plane;
  engine: Engine;
}

/**
 * Brings up what `npm run up` needs; what is up already is used as it is.
 *
 * @param meanwhile what can be done while the mesh starts. It is waited for, and whether it fails doesn't
 *   matter here.
 * @throws {Mistake} where a mesh of another version of Istio is up
 */
export async function openEmbedded(
  istio: EmbeddedIstio = ISTIO_VERSION,
  meanwhile: (engine: Engine) => Promise<unknown> = () => Promise.resolve(),
): Promise<Embedded> {
  const older = istio === ISTIO_VERSION ? [] : [olderIstio(istio)];
  const toolchain = await ensureToolchain([...MAIN_PARTS, ...older]);
  const tools = meshTools(toolchain, istio);
  const engine = await openEngine(toolchain, ENGINE_STATE, kubeconfigOf(PLANE_STATE));
  const starting = startPlane({ stateDir: PLANE_STATE, tools, report });
  await Promise.allSettled([starting, meanwhile(engine)]);
  const plane = await starting;
  await endLeftovers(ENGINE_STATE, report);
  if (enterCluster(engine, await uidOf(plane))) {
    report("This is a new mesh; what the engine knew of the one before is forgotten.");
  }
  return { plane, engine };
}

const namespaceShape = z.object({ metadata: z.object({ uid: z.string() }) });

/** What identifies a cluster: the UID of its namespace kube-system. */
async function uidOf(plane: Plane): Promise<string> {
  const { metadata } = await ApiServer.of(plane).get(
    "/api/v1/namespaces/kube-system",
    namespaceShape,
  );
  return metadata.uid;
}

/**
 * The configuration of one of this project's stacks as it holds on the embedded mesh, which is none
 * of the places that the stack was made for: without their cluster and their protection, and on an
 * older release of Istio with that as its mesh's.
 *
 * @param istio the release that the embedded mesh runs; where that is the pinned one, the catalogue's stays
 * @param project the folder of Pulumi.yaml; @default this checkout
 * @returns the path for `--config-file`
 */
export function openEmbeddedStack(
  engine: Engine,
  stack: string,
  istio: string,
  project = REPOSITORY,
): Promise<string> {
  const leaveOut = ["kubeconfig", "context", "protect"].map((key) => `istio-egress:${key}`);
  const change = (config: Config) => onEmbedded(config, istio);
  return openStack(engine, project, stack, { leaveOut, change, report });
}
