import type { Catalogue, CatalogueAlias, CatalogueClient } from "../../catalogue/catalogue.js";
import type { SidecarCluster } from "../../local/cluster-tls.js";
import { withoutIstio } from "../input/cluster.js";
import type { ApiServer } from "../kube/api-server.js";
import { clientKey, type DeclaredObject, istioObjects, objectKey } from "./declared.js";
import { declaredGuard, guardKey, type GuardObject } from "./guard-rows.js";
import {
  canBeConnected,
  type EndpointSlice,
  endpointSliceShape,
  type ObjectWithSpec,
  objectWithSpecShape,
  listOf,
  type Pod,
  podShape,
  type Reality,
  type Service,
  serviceShape,
} from "./reality.js";

/** Reads from istiod what it sends to the sidecar of a Pod; undefined where that isn't connected. */
export type AskIstiod = (pod: Pod) => Promise<readonly SidecarCluster[] | undefined>;

/** Served by every Istio that a catalogue can name (v1 came with 1.22). */
const ISTIO = "/apis/networking.istio.io/v1beta1";
const PLURALS = {
  DestinationRule: "destinationrules",
  ServiceEntry: "serviceentries",
  VirtualService: "virtualservices",
} as const satisfies Record<DeclaredObject["kind"], string>;

/**
 * Reads what a catalogue speaks of, and nothing else: from the API server the objects, from istiod
 * what it sends to one Pod of each client that has a sidecar.
 * @throws {Mistake} if the API server can't be reached or refuses, or Istio isn't there
 */
export async function askCluster(
  catalogue: Catalogue,
  server: ApiServer,
  askIstiod: AskIstiod,
): Promise<Reality> {
  const { clients, aliases, mesh } = catalogue;
  if (!(await server.find(ISTIO))) {
    throw withoutIstio(server, { path: ISTIO, plural: PLURALS.DestinationRule });
  }
  const declared = aliases.flatMap((alias) =>
    istioObjects(alias, mesh).map((object) => istioObject(alias, object, server)),
  );
  const [seen, services, slices, objects, guard] = await Promise.all([
    clientsIn(clients, server, askIstiod),
    gather(aliases.map((alias) => serviceOf(alias, server))),
    gather(aliases.map((alias) => slicesOf(alias, server))),
    gather(declared),
    gather(declaredGuard(catalogue).map((object) => guardObject(object, server))),
  ]);
  return { ...seen, services, slices, istioObjects: objects, guard };
}

async function clientsIn(
  clients: readonly CatalogueClient[],
  server: ApiServer,
  askIstiod: AskIstiod,
): Promise<Pick<Reality, "pods" | "clusters">> {
  const pods = await gather(clients.map((client) => podsOf(client, server)));
  return { pods, clusters: await gather([...pods].map((entry) => clustersOf(entry, askIstiod))) };
}

interface Name {
  namespace: string;
  name: string;
}

/** What there is under a name; undefined where there is nothing. */
type Entry<T> = readonly [key: string, found: T | undefined];

async function gather<T>(requests: readonly Promise<Entry<T>>[]): Promise<Map<string, T>> {
  const answers = await Promise.all(requests);
  return new Map(answers.filter((answer): answer is [string, T] => answer[1] !== undefined));
}

function keyOf({ namespace, name }: Name): string {
  return `${namespace}/${name}`;
}

async function serviceOf(service: Name, server: ApiServer): Promise<Entry<Service>> {
  const path = `/api/v1/namespaces/${service.namespace}/services/${service.name}`;
  return [keyOf(service), await server.find(path, serviceShape)];
}

async function istioObject(
  alias: CatalogueAlias,
  declared: DeclaredObject,
  server: ApiServer,
): Promise<Entry<ObjectWithSpec>> {
  const resource = `${ISTIO}/namespaces/${alias.namespace}/${PLURALS[declared.kind]}`;
  const found = await server.find(`${resource}/${declared.name}`, objectWithSpecShape);
  return [objectKey(alias, declared), found];
}

/** Policies and bindings are the cluster's, in no namespace. */
async function guardObject(
  declared: GuardObject,
  server: ApiServer,
): Promise<Entry<ObjectWithSpec>> {
  const { kind, name } = declared;
  const plural = {
    ValidatingAdmissionPolicy: "policies",
    ValidatingAdmissionPolicyBinding: "policybindings",
  }[kind];
  const path = `/apis/admissionregistration.k8s.io/v1/validatingadmission${plural}/${name}`;
  return [guardKey(declared), await server.find(path, objectWithSpecShape)];
}

/** One on its way out says nothing about what is declared now, nor one that is over: evicted, say. */
async function podsOf(client: CatalogueClient, server: ApiServer): Promise<Entry<Pod[]>> {
  const path = `/api/v1/namespaces/${client.namespace}/pods?labelSelector=app%3D${client.name}`;
  const { items } = await server.get(path, listOf(podShape));
  const standing = items.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status.phase !== "Failed" &&
      status.phase !== "Succeeded",
  );
  return [clientKey(client), standing];
}

async function slicesOf(service: Name, server: ApiServer): Promise<Entry<EndpointSlice[]>> {
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${service.namespace}/endpointslices`;
  const path = `${slices}?labelSelector=kubernetes.io%2Fservice-name%3D${service.name}`;
  const { items } = await server.get(path, listOf(endpointSliceShape));
  return [keyOf(service), items];
}

/** Of the first Pod whose sidecar is connected: all of them have one Deployment's labels. */
async function clustersOf(
  [key, pods = []]: Entry<Pod[]>,
  askIstiod: AskIstiod,
): Promise<Entry<readonly SidecarCluster[]>> {
  for (const pod of pods.filter(canBeConnected)) {
    const sent = await askIstiod(pod);
    if (sent !== undefined) return [key, sent];
  }
  return [key, undefined];
}
