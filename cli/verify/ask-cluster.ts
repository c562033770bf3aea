import type { Catalogue, CatalogueClient } from "../../components/catalogue.js";
import type { SidecarCluster } from "../../local/cluster-tls.js";
import { withoutIstio } from "../input/cluster.js";
import type { ApiServer } from "../kube/api-server.js";
import { carryingTarget, clientKey, renamingOf } from "./declared.js";
import {
  type DestinationRule,
  type EndpointSlice,
  hasSidecar,
  type Pod,
  type Reality,
  type Service,
  type ServiceEntry,
  type VirtualService,
} from "./reality.js";

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
  const rules = [...aliases, ...targets];
  const renamed = aliases.flatMap((alias) => {
    const renaming = renamingOf(alias, mesh);
    return renaming ? [{ namespace: alias.namespace, name: renaming.name }] : [];
  });
  const pods = await gather(clients.map((client) => podsOf(client, server)));
  return {
    pods,
    services: await gather(
      aliases.map((ref) => named<Service>(server, "/api/v1", "services", ref)),
    ),
    slices: await gather(aliases.map((alias) => slicesOf(alias, server))),
    rules: await gather(
      rules.map((ref) => named<DestinationRule>(server, group, "destinationrules", ref)),
    ),
    entries: await gather(
      targets.map((ref) => named<ServiceEntry>(server, group, "serviceentries", ref)),
    ),
    virtualServices: await gather(
      renamed.map((ref) => named<VirtualService>(server, group, "virtualservices", ref)),
    ),
    clusters: await gather([...pods].map((entry) => clustersOf(entry, askIstiod))),
  };
}

interface Name {
  namespace: string;
  name: string;
}

/** What there is under a name; undefined where there is nothing. */
type Entry<T> = readonly [key: string, found: T | undefined];

async function gather<T>(asked: readonly Promise<Entry<T>>[]): Promise<Map<string, T>> {
  const answers = await Promise.all(asked);
  return new Map(answers.filter((answer): answer is [string, T] => answer[1] !== undefined));
}

function keyOf({ namespace, name }: Name): string {
  return `${namespace}/${name}`;
}

async function named<T>(
  server: ApiServer,
  path: string,
  plural: string,
  ref: Name,
): Promise<Entry<T>> {
  const found = await server.find(`${path}/namespaces/${ref.namespace}/${plural}/${ref.name}`);
  return [keyOf(ref), found as T | undefined];
}

/** A Pod on its way out says nothing about what is declared now. */
async function podsOf(client: CatalogueClient, server: ApiServer): Promise<Entry<Pod[]>> {
  const path = `/api/v1/namespaces/${client.namespace}/pods?labelSelector=app%3D${client.name}`;
  const { items } = (await server.get(path)) as { items: Pod[] };
  return [
    clientKey(client),
    items.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
  ];
}

async function slicesOf(service: Name, server: ApiServer): Promise<Entry<EndpointSlice[]>> {
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${service.namespace}/endpointslices`;
  const path = `${slices}?labelSelector=kubernetes.io%2Fservice-name%3D${service.name}`;
  const { items } = (await server.get(path)) as { items: EndpointSlice[] };
  return [keyOf(service), items];
}

async function clustersOf(
  [key, pods = []]: Entry<Pod[]>,
  askIstiod: AskIstiod,
): Promise<Entry<readonly SidecarCluster[]>> {
  const pod = pods.find((pod) => hasSidecar(pod) && pod.status.podIP !== undefined);
  return [key, pod && (await askIstiod(pod))];
}
