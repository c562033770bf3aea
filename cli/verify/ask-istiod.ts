import { request } from "node:http";
import { duplexPair } from "node:stream";
import { text } from "node:stream/consumers";
import { type SidecarCluster, readClusters } from "../../local/cluster-tls.js";
import { type IstiodPorts, sidecarClusters } from "../../local/sidecar.js";
import type { ApiServer } from "../kube/api-server.js";
import { Mistake } from "../mistake.js";
import type { AskIstiod } from "./ask-cluster.js";
import { listOf, type Pod, podShape } from "./reality.js";

/**
 * Connects to the istiod of the embedded mesh as the Pod's sidecar would, because the Pods there have none
 * that runs.
 */
export function inEmbeddedMesh(istiod: IstiodPorts): AskIstiod {
  return ({ metadata: { name, namespace, labels }, status: { podIP = "" } }) =>
    sidecarClusters(istiod, { ip: podIP, pod: name, namespace, ...(labels && { labels }) }).catch(
      (error: unknown) => {
        throw new Mistake(
          `istiod of the embedded mesh doesn't answer: ${messageOf(error)}.\n` +
            "Repair the mesh with  npm run up.",
        );
      },
    );
}

/** istiod's port for readiness and `/debug`, which it opens to its own host without credentials. */
const DEBUG_PORT = 8080;
const PATIENCE_MS = 15_000;

/**
 * Reads from the istiod in a cluster what it has sent to the Pod's sidecar, through a port-forward: it
 * needs the right to list Pods and to use `pods/portforward` in istiod's namespace, none in the client's.
 */
export function throughPortForward(server: ApiServer, istiodNamespace: string): AskIstiod {
  return async ({ metadata: { name, namespace } }) => {
    // Each sidecar is connected to one of them, and the others don't know it.
    for (const istiod of await runningIstiods(server, istiodNamespace)) {
      const dump = await configDump(server, istiod, `${name}.${namespace}`);
      if (dump !== undefined) return dump;
    }
    return undefined;
  };
}

async function runningIstiods(server: ApiServer, namespace: string): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Distiod`;
  const { items } = await server.get(path, listOf(podShape));
  const running = items.filter(({ status }) => status.phase === "Running");
  if (running.length > 0) return running;
  throw new Mistake(
    `no Pod labelled app=istiod runs in ${namespace} of ${server.server}, so there is no istiod to compare with.\n` +
      "If istiod is in another namespace, the catalogue's mesh.rootNamespace says so.",
  );
}

/** @returns undefined where this istiod doesn't know the proxy */
async function configDump(
  server: ApiServer,
  istiod: Pod,
  proxy: string,
): Promise<SidecarCluster[] | undefined> {
  const query = new URLSearchParams({ proxyID: proxy, types: "CDS,EDS,RDS" });
  const { status, body } = await getForwarded(
    server,
    istiod,
    `/debug/config_dump?${query.toString()}`,
  );
  if (status === 404) return undefined;
  if (status !== 200) {
    const { namespace, name } = istiod.metadata;
    throw new Mistake(
      `istiod ${namespace}/${name} answered ${status} to config_dump: ${body.trim()}`,
    );
  }
  try {
    return readClusters(JSON.parse(body));
  } catch {
    const { namespace, name } = istiod.metadata;
    throw new Mistake(
      `istiod ${namespace}/${name} answered config_dump with something that is no configuration of a ` +
        `proxy: ${body.trim().slice(0, 60)}`,
    );
  }
}

/** One HTTP request to a Pod's own loopback, through the API server. */
async function getForwarded(
  server: ApiServer,
  { metadata: { namespace, name } }: Pod,
  path: string,
): Promise<{ status: number; body: string }> {
  const { PortForward } = await import("@kubernetes/client-node");
  const [near, far] = duplexPair();
  const socket = (await new PortForward(server.config)
    .portForward(namespace, name, [DEBUG_PORT], far, null, far)
    .catch((error: unknown) => {
      throw new Mistake(
        `can't forward a port to istiod ${namespace}/${name}: ${messageOf(error)}.\n` +
          `It takes the right to create and get pods/portforward in ${namespace}.`,
      );
    })) as { close(): void };
  try {
    return await new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const sent = request({ path, signal, createConnection: () => near }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      sent.on("error", reject);
      sent.end();
    });
  } catch (error) {
    throw new Mistake(
      `istiod ${namespace}/${name} doesn't answer through a port-forward: ${messageOf(error)}.`,
    );
  } finally {
    near.destroy();
    socket.close();
  }
}

/** A WebSocket's failure is an event that carries the error. */
function messageOf(error: unknown): string {
  return (error as { message?: string }).message ?? String(error);
}
