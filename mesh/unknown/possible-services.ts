import type { ObjectRef } from "../input/kube-object.js";
import { withServiceOrder, type Mesh } from "../mesh.js";
import { isPublic, isVisible } from "../registry/registry.js";
import type { Service } from "../registry/service.js";
import { importedService } from "../scope/imported-service.js";
import type { SidecarScope } from "../scope/sidecar-scope.js";
import { isUnordered, possibleOrders, type Aged } from "./creation-order.js";

/** A mesh with one order of the ServiceEntries of a host. */
export interface PossibleServices {
  mesh: Mesh;
  /** Undefined: any order. */
  oldestFirst?: readonly ObjectRef[];
}

/**
 * Up to so many orders of one host's ServiceEntries are all tried. Of more, those that decide which
 * three are the oldest: what a client gets on a port depends on the one that it takes first, the one
 * that it takes first of those with the port, and the one that is merged into it.
 */
const ORDERS = { limit: 120, depth: 3 };

/** Orders of a host's ServiceEntries that give a client different services. */
export function possibleServices(
  mesh: Mesh,
  scope: SidecarScope,
  host: string,
): PossibleServices[] {
  const services = mesh.registry.of(host);
  const entries = seenEntries(services, scope.namespace);
  const group = entries.flatMap(agedEntry);
  if (!isUnordered(group.map(({ object }) => object))) return [{ mesh }];
  const others = services.filter((service) => !entries.includes(service));
  const isSimple = scope.listeners === undefined || scope.listeners.length === 1;
  const orders = possibleOrders(group, isSimple ? { ...ORDERS, depth: 2 } : ORDERS);
  const different = new Map<string, PossibleServices>();
  for (const order of orders) {
    const inOrder = [...others, ...order.map(({ value }) => value)];
    const reordered = withServiceOrder(mesh, host, inOrder);
    const key = imports(reordered, scope, host);
    if (different.has(key)) continue;
    different.set(key, { mesh: reordered, oldestFirst: order.map(({ value }) => value.ref) });
  }
  const [only, ...more] = different.values();
  return more.length === 0 ? [{ mesh: only?.mesh ?? mesh }] : [...different.values()];
}

/**
 * ServiceEntries of a host that a namespace sees, and what may stand before them in their namespaces: other
 * ServiceEntries, and the Service, which shares its endpoints with them.
 */
export function seenEntries(services: readonly Service[], namespace: string): Service[] {
  const seen = services.filter((service) => isPublic(service) || isVisible(service, namespace));
  const owners = new Set(seen.map(({ ref }) => ref.namespace));
  return besideEntries(services).filter(({ ref }) => owners.has(ref.namespace));
}

/** Services of one host that are ServiceEntries, or in a namespace with one. */
export function besideEntries(services: readonly Service[]): Service[] {
  const entries = services.filter(({ fromKubernetes }) => !fromKubernetes);
  const namespaces = new Set(entries.map(({ ref }) => ref.namespace));
  return services.filter(({ ref }) => namespaces.has(ref.namespace));
}

function agedEntry(value: Service): Aged<Service> | [] {
  const { object, ref, labels } = value;
  if (!object) return [];
  return { value, object, content: JSON.stringify([ref.namespace, labels, object.spec]) };
}

/** All that the order decides: the service, and the endpoints that are found for it. */
function imports(mesh: Mesh, scope: SidecarScope, host: string): string {
  const service = importedService(mesh, scope, host);
  if (!service) return "";
  const { ref, ports, resolution, meshExternal, labels, selector } = service;
  const read = [ref.namespace, ports, resolution, meshExternal, labels, selector];
  const endpoints = ports.map((port) => mesh.endpointsOf(port.owner ?? service, port));
  return JSON.stringify([...read, mesh.endpointsOf(service), endpoints]);
}
