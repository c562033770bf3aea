import { completionsOf, type Surroundings } from "./completions.js";
import { at, isPlain, NAMELESS, refOf, text, type Plain } from "./fields.js";
import type { Mesh } from "./mesh.js";
import { isUnknown, type UnknownValue } from "./objects.js";
import { isUnordered, possibleOrders } from "./orders.js";
import type { Rule } from "./rules.js";
import type { Scene } from "./scene.js";
import type { Unclear } from "./unclear.js";
import { pathText, withValue } from "./unknowns.js";
import type { Client } from "./verdict.js";

/** More objects than this of unknown order have too many orders. */
const MAX_UNORDERED = 5;

/** One thing that isn't known, with the ways in which it could turn out. */
export interface Choice {
  options: readonly ((objects: Plain[]) => void)[];
  unknown?: UnknownValue;
  /** Where no single value is to blame. */
  reason?: string;
}

/** What of a scene has a say for one client. */
export interface Cast {
  rules: readonly Rule[];
  objects: readonly Plain[];
  namespaces: readonly string[];
}

/** What of a scene a client can see: rules elsewhere never hold for it. */
export function castOf(mesh: Mesh, scene: Scene, client: Client): Cast {
  const { rootNamespace } = mesh.facts;
  const namespaces = [
    ...new Set([client.namespace, ...scene.serviceNamespaces, rootNamespace]),
  ].filter((namespace) => namespace !== NAMELESS);
  const isSeen = (object: Plain) => {
    const { namespace } = refOf(object);
    return namespace === NAMELESS || namespaces.includes(namespace);
  };
  const { Sidecar, VirtualService, PeerAuthentication } = mesh.byKind;
  return {
    rules: scene.rules.filter((rule) => isSeen(rule.object)),
    objects: [
      ...scene.objects,
      ...Sidecar.filter(isSeen),
      ...(Sidecar.length > 0 ? VirtualService : []),
      ...PeerAuthentication.filter(isSeen),
    ],
    namespaces,
  };
}

/** Whether a rule says ISTIO_MUTUAL, could do so, or could bring it about by PASSTHROUGH. */
export function mayBeMutual(value: unknown): boolean {
  if (isUnknown(value)) return true;
  if (value === "ISTIO_MUTUAL" || value === "PASSTHROUGH") return true;
  if (Array.isArray(value)) return value.some(mayBeMutual);
  return isPlain(value) && Object.values(value).some(mayBeMutual);
}

/** What can turn out in more than one way; undefined where there are too many orders to try. */
export function choicesIn(
  mesh: Mesh,
  unclear: Unclear,
  scene: Scene,
  client: Client,
  cast: Cast,
  objects: readonly Plain[],
): Choice[] | undefined {
  const around = surroundingsOf(mesh, scene, client, cast);
  const values = objects.flatMap((object, index) =>
    (unclear.blurred.get(object)?.paths ?? []).map((path): Choice => ({
      options: completionsOf(object, path, around).map((value) => (all: Plain[]) => {
        all[index] = withValue(all[index] ?? object, path, value);
      }),
      unknown: { object: refOf(object), path: pathText(path) },
    })),
  );
  const orders = unorderedGroups(unclear, cast).map((group) => orderChoice(group, objects));
  return orders.every((order) => order !== undefined) ? [...values, ...orders] : undefined;
}

/** Groups of objects of which the older one counts, where it isn't known which that is. */
function unorderedGroups(unclear: Unclear, cast: Cast): Plain[][] {
  const groups = new Map<string, Plain[]>();
  const put = (key: string, object: Plain) => {
    const group = groups.get(key);
    if (group) group.push(object);
    else groups.set(key, [object]);
  };
  const open = new Set(
    cast.rules
      .filter((rule) => unclear.blurred.get(rule.object)?.isOpen)
      .map((rule) => rule.ref.namespace),
  );
  const anywhere = open.has(NAMELESS);
  for (const { ref, host, object } of cast.rules) {
    // A rule whose host isn't known may be about any host of its namespace.
    const isMixed = anywhere || open.has(ref.namespace);
    put(anywhere ? "rules" : isMixed ? ref.namespace : `${ref.namespace}|${host}`, object);
  }
  for (const object of cast.objects) {
    if (object.kind === "ServiceEntry") put("entries", object);
    if (object.kind === "Sidecar") put(`sidecars|${refOf(object).namespace}`, object);
  }
  return [...groups.values()].filter((group) => isUnordered(group));
}

function orderChoice(group: readonly Plain[], objects: readonly Plain[]): Choice | undefined {
  if (group.length > MAX_UNORDERED) return undefined;
  const indexes = new Map(group.map((object) => [object, objects.indexOf(object)]));
  const names = group.map((object) => `${refOf(object).namespace}/${refOf(object).name}`).sort();
  return {
    options: possibleOrders(group).map((order) => (all: Plain[]) => {
      order.forEach((object, age) => {
        const index = indexes.get(object) ?? 0;
        const created = new Date((age + 1) * 1000).toISOString();
        all[index] = withValue(all[index] ?? object, ["metadata", "creationTimestamp"], created);
      });
    }),
    reason: `which of ${names.join(", ")} is older isn't known, and the older one counts`,
  };
}

function surroundingsOf(mesh: Mesh, scene: Scene, client: Client, cast: Cast): Surroundings {
  const { rules } = cast;
  const services = scene.hosts.flatMap((host) => mesh.registry.of(host));
  const suffix = `.svc.${mesh.facts.clusterDomain}`;
  const policies = rules.flatMap((rule) => [rule.policy, ...rule.subsets.map((s) => s.policy)]);
  const endpoints = services.flatMap((service) => mesh.endpointsOf(service));
  const pods = cast.objects.map((object) => text(at(object, "status", "podIP")));
  return {
    hosts: scene.hosts,
    serviceNames: scene.hosts
      .filter((host) => host.endsWith(suffix))
      .map((host) => host.slice(0, host.indexOf("."))),
    clientNamespace: client.namespace,
    clientLabels: client.labels ?? {},
    namespaces: cast.namespaces,
    ruleHosts: rules.map((rule) => rule.host),
    exportSets: rules.map((rule) => rule.exportTo),
    selectors: rules.flatMap((rule) => (rule.selector ? [rule.selector] : [])),
    subsetNames: rules.flatMap((rule) => rule.subsets.map((subset) => subset.name)),
    ports: [
      ...services.flatMap((service) => service.ports.map((port) => port.number)),
      ...policies.flatMap((policy) => (policy?.ports ?? []).flatMap(({ number }) => number ?? [])),
    ].filter((port) => port !== 0),
    addresses: [...endpoints.map(({ address }) => address), ...pods].filter((one) => one !== ""),
    inside: mesh.facts.clusterCidrs.map((cidr) => cidr.replace(/\/.*$/, "")),
  };
}
