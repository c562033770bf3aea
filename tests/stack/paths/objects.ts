import type { ApiServer, Resource } from "../../../cli/kube/api-server.js";
import { isPlain } from "../../../mesh/index.js";
import { NAMESPACES, type WrittenCatalogue } from "./catalogues.js";

/** A place in the cluster where nothing of another one is: a prefix of namespaces, a domain of targets. */
export type Side = string;

/** A catalogue with its namespaces and targets at a place. */
export function placed({ clients, aliases }: WrittenCatalogue, side: Side): WrittenCatalogue {
  const there = (namespace: string) =>
    /^[a-z]/.test(namespace) ? `${side}-${namespace}` : namespace;
  return {
    clients: clients.map((client) => ({ ...client, namespace: there(client.namespace) })),
    aliases: aliases.map(({ externalName, exportTo, inside, ...alias }) => ({
      ...alias,
      namespace: there(alias.namespace),
      ...(exportTo && { exportTo: exportTo.map(there) }),
      ...(externalName && { externalName: externalName.replace(/^[^.]+/, `$&.${side}`) }),
      ...(inside && {
        inside: {
          ...inside,
          ...(inside.namespace && { namespace: there(inside.namespace) }),
        },
      }),
    })),
  };
}

/** What a stack writes, by path below a namespace. */
const RESOURCES: Resource[] = [
  { path: "/api/v1", plural: "services" },
  { path: "/api/v1", plural: "endpoints" },
  { path: "/api/v1", plural: "serviceaccounts" },
  { path: "/apis/apps/v1", plural: "deployments" },
  { path: "/apis/discovery.k8s.io/v1", plural: "endpointslices" },
  { path: "/apis/networking.istio.io/v1", plural: "destinationrules" },
  { path: "/apis/networking.istio.io/v1", plural: "serviceentries" },
  { path: "/apis/networking.istio.io/v1", plural: "virtualservices" },
];

interface ApiObject {
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
}

/** The objects at a place, without what the place and the time decide; sorted. */
export async function objectsAt(server: ApiServer, side: Side): Promise<string[]> {
  const found: string[] = [];
  for (const name of NAMESPACES.map((namespace) => `${side}-${namespace}`)) {
    const namespace = await server.find(`/api/v1/namespaces/${name}`);
    if (namespace) found.push(normalised(namespace, side));
    for (const { path, plural } of RESOURCES) {
      const below = { path: `${path}/namespaces/${name}`, plural };
      for await (const object of server.list(below)) {
        if (!isOfPods(object as ApiObject)) found.push(normalised(object, side));
      }
    }
  }
  return found.sort();
}

/** Written by Kubernetes for Services that select Pods: each Pod has an address of its own. */
function isOfPods({ metadata: { labels = {} } }: ApiObject): boolean {
  return (
    labels["endpointslice.kubernetes.io/managed-by"] === "endpointslice-controller.k8s.io" ||
    labels["endpoints.kubernetes.io/managed-by"] === "endpoint-controller"
  );
}

/** What Kubernetes gives, counts or tells of. */
const GIVEN = new Set([
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "managedFields",
  "ownerReferences",
  "status",
  "clusterIP",
  "clusterIPs",
  "deployment.kubernetes.io/revision",
  "endpoints.kubernetes.io/last-change-trigger-time",
]);

function normalised(object: object, side: Side): string {
  const text = JSON.stringify(object, (key, value: unknown) => {
    if (GIVEN.has(key)) return undefined;
    // Kubernetes mirrors addresses in any order.
    if (key === "endpoints" && Array.isArray(value)) return value.map(asText).sort();
    return isPlain(value) ? sorted(value) : value;
  });
  // The mirror of Endpoints has a name that Kubernetes made up.
  const generated = /"generateName":"([^"]*)","name":"[^"]*"|(?<="name":")[^"]*(?=")/;
  const isGenerated = text.includes('"generateName"');
  return (isGenerated ? text.replace(generated, '"generateName":"$1"') : text).replaceAll(
    side,
    "side",
  );
}

function asText(value: unknown): string {
  return JSON.stringify(value);
}

/** With its keys in order: the server's order is that of the fields' first writing. */
function sorted(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, field]) => !isEmpty(field));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a map says that has lost its last key. */
function isEmpty(value: unknown): boolean {
  return isPlain(value) && Object.keys(value).length === 0;
}
