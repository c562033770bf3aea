import type { Catalogue, CatalogueClient } from "../../components/catalogue.js";
import type { SidecarCluster } from "../../local/cluster-tls.js";
import { withoutIstio } from "../input/cluster.js";
import type { ApiServer } from "../kube/api-server.js";
import { carryingTarget, clientKey } from "./declared.js";
import { hasSidecar, type Pod, type Reality } from "./reality.js";

/** Asks istiod what it sends to the sidecar of a Pod. */
export type AskIstiod = (pod: Pod) => Promise<readonly SidecarCluster[]>;

/** Served by every Istio that a catalogue can name (v1 came with 1.22). */
const ISTIO = "networking.istio.io/v1beta1";

/**
 * Reads what a catalogue speaks of, and nothing else: from the API server the objects, from istiod
 * what it sends to one Pod of each client that has a sidecar.
 * @throws {Mistake} if the API server can't be reached or refuses, or Istio isn't there
 */
export async function askCluster(
  { clients, aliases, mesh }: Catalogue,
  server: ApiServer,
  askIstiod: AskIstiod,
): Promise<Reality> {
  const group = `/apis/${ISTIO}`;
  if (!(await server.find(group))) {
    throw withoutIstio(server, { path: group, plural: "destinationrules" });
  }
  const targets = aliases.flatMap((alias) => {
    const name = carryingTarget(alias, mesh);
    return name === undefined ? [] : [{ namespace: alias.namespace, name }];
  });
  const [pods, services, slices, rules, entries] = await Promise.all([
    gather(clients.map(async (client) => [clientKey(client), await podsOf(client, server)])),
    gather(aliases.map((alias) => named(server, "/api/v1", "services", alias))),
    gather(aliases.map(async (alias) => [keyOf(alias), await slicesOf(alias, server)])),
    gather([...aliases, ...targets].map((ref) => named(server, group, "destinationrules", ref))),
    gather(targets.map((ref) => named(server, group, "serviceentries", ref))),
  ] as const);
  const clusters = await gather(
    [...pods].map(async ([key, found]) => [key, await clustersOf(found, askIstiod)]),
  );
  return { pods, services, slices, rules, entries, clusters } as Reality;
}

interface Name {
  namespace: string;
  name: string;
}

function keyOf({ namespace, name }: Name): string {
  return `${namespace}/${name}`;
}

/** What was found, by name. */
async function gather<T>(
  asked: readonly Promise<readonly [string, T | undefined]>[],
): Promise<Map<string, T>> {
  const answers = await Promise.all(asked);
  return new Map(answers.filter((answer): answer is [string, T] => answer[1] !== undefined));
}

async function named(
  server: ApiServer,
  path: string,
  plural: string,
  ref: Name,
): Promise<readonly [string, unknown]> {
  const found = await server.find(`${path}/namespaces/${ref.namespace}/${plural}/${ref.name}`);
  return [keyOf(ref), found];
}

/** A Pod on its way out says nothing about what is declared now. */
async function podsOf({ namespace, name }: CatalogueClient, server: ApiServer): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${name}`;
  const { items } = (await server.get(path)) as { items: Pod[] };
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function slicesOf({ namespace, name }: Name, server: ApiServer): Promise<unknown[]> {
  const selector = `labelSelector=kubernetes.io%2Fservice-name%3D${name}`;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${selector}`;
  return ((await server.get(path)) as { items: unknown[] }).items;
}

async function clustersOf(pods: readonly Pod[], askIstiod: AskIstiod) {
  const pod = pods.find((pod) => hasSidecar(pod) && pod.status.podIP !== undefined);
  return pod && askIstiod(pod);
}
