import { completionsOf } from "./completions.js";
import type { Surroundings } from "./completions/values.js";
import {
  at,
  isPlain,
  items,
  labelsOf,
  NAMELESS,
  refOf,
  text,
  UNREADABLE,
  wholeNumber,
  type Plain,
} from "./fields.js";
import type { Mesh } from "./mesh.js";
import { isUnknown, type ObjectRef, type UnknownValue } from "./objects.js";
import { isUnordered, possibleOrders } from "./orders.js";
import { isPublic } from "./registry.js";
import type { Rule } from "./rules.js";
import type { Scene } from "./scene.js";
import type { Unclear } from "./unclear.js";
import { pathText, withValue } from "./unknowns.js";
import type { Client } from "./verdict.js";
import { delegateOf } from "./virtual-services.js";
import { readWorkloadEntry } from "./workloads.js";

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
      ...(isNarrow(mesh, scene) ? VirtualService : []),
      ...PeerAuthentication.filter(isSeen),
    ],
    namespaces,
  };
}

/** Whether some client may not import all services, so that VirtualServices may add to them. */
function isNarrow(mesh: Mesh, scene: Scene): boolean {
  const services = scene.hosts.flatMap((host) => mesh.registry.of(host));
  return mesh.byKind.Sidecar.length > 0 || !services.every(isPublic);
}

/**
 * Whether ISTIO_MUTUAL can come about, however the unknown values turn out: a rule says it or could
 * bring it about by PASSTHROUGH, or what is sent to original destinations has sidecars only.
 */
export function mayBeMutual({ rules, objects }: Cast): boolean {
  if (rules.some((rule) => mentionsMutual(rule.object))) return true;
  return objects.some(mayBeOriginalDestination) && objects.some(mayHaveSidecar);
}

function mayBeOriginalDestination({ kind, spec }: Plain): boolean {
  if (isUnknown(spec)) return kind === "Service" || kind === "ServiceEntry";
  if (kind === "Service") return isUnknownOr(at(spec, "clusterIP"), "None");
  const resolution = at(spec, "resolution");
  return kind === "ServiceEntry" && (resolution === undefined || isUnknownOr(resolution, "NONE"));
}

function mayHaveSidecar({ kind, spec }: Plain): boolean {
  if (kind === "Pod" || kind === "WorkloadEntry") return true;
  return kind === "ServiceEntry" && at(spec, "endpoints") !== undefined;
}

function mentionsMutual(value: unknown): boolean {
  if (isUnknownOr(value, "ISTIO_MUTUAL") || value === "PASSTHROUGH") return true;
  if (Array.isArray(value)) return value.some(mentionsMutual);
  return isPlain(value) && Object.values(value).some(mentionsMutual);
}

function isUnknownOr(value: unknown, expected: string): boolean {
  return isUnknown(value) || value === expected;
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
  const { rules, objects } = cast;
  const services = scene.hosts.flatMap((host) => mesh.registry.of(host));
  const mentioned = [scene.hosts, rules.map((rule) => rule.host), objects].flatMap(textsIn);
  const named = [...new Set(mentioned.map((host) => host.slice(host.indexOf("/") + 1)))].flatMap(
    (host) => namesIn(host, mesh.facts.clusterDomain),
  );
  named.push(...objects.flatMap(servedBy));
  const delegates = objects.flatMap(delegatesIn);
  const endpoints = services.flatMap((service) => mesh.endpointsOf(service));
  const pods = objects.filter(({ kind }) => kind === "Pod");
  return {
    // A Service of unknown name has a host that no text has.
    hosts: scene.hosts.map((host) => (host.startsWith(".") ? UNREADABLE + host : host)),
    serviceNames: named.map(({ name }) => name),
    delegates,
    clientNamespace: client.namespace,
    clientLabels: client.labels ?? {},
    namespaces: [
      ...new Set([
        ...cast.namespaces,
        ...[...named, ...delegates].map(({ namespace }) => namespace),
      ]),
    ].filter((namespace) => namespace !== NAMELESS),
    ruleHosts: rules.map((rule) => rule.host),
    exportSets: rules.map((rule) => rule.exportTo),
    selectors: rules.flatMap((rule) => (rule.selector ? [rule.selector] : [])),
    serviceSelectors: objects
      .filter(({ kind }) => kind === "Service" || kind === "ServiceEntry")
      .map(({ spec }) => at(spec, "selector") ?? at(spec, "workloadSelector", "labels"))
      .filter(isPlain)
      .map(labelsOf),
    workloads: objects
      .filter(({ kind }) => kind === "WorkloadEntry")
      .map((entry) => readWorkloadEntry(entry).labels),
    subsetNames: rules.flatMap((rule) => rule.subsets.map((subset) => subset.name)),
    portNames: [
      ...services.flatMap((service) => service.ports.map((port) => port.name)),
      ...endpoints.map(({ portName }) => portName),
    ],
    podNames: [...pods, ...objects.flatMap(targetsIn)].map((pod) => nameIn(pod)),
    ports: [...new Set([...rules.map((rule) => rule.object), ...objects].flatMap(portsIn))],
    addresses: [
      ...endpoints.map(({ address }) => address),
      ...pods.map((pod) => text(at(pod, "status", "podIP"))),
    ].filter((address) => address !== ""),
    inside: mesh.facts.clusterCidrs.map((cidr) => cidr.replace(/\/.*$/, "")),
  };
}

/** The Service that endpoints belong to, by their label or by their own name. */
function servedBy(object: Plain): { name: string; namespace: string }[] {
  const { kind, namespace, name } = refOf(object);
  if (kind === "Endpoints") return [{ namespace, name }];
  if (kind !== "EndpointSlice") return [];
  const service = text(at(object, "metadata", "labels", "kubernetes.io/service-name"));
  return service === "" ? [] : [{ namespace, name: service }];
}

/** What a VirtualService delegates to, and itself if it has no hosts. */
function delegatesIn(object: Plain): Pick<ObjectRef, "namespace" | "name">[] {
  if (object.kind !== "VirtualService") return [];
  const { namespace, name } = refOf(object);
  const named = items(at(object, "spec", "http"))
    .map((route) => at(route, "delegate"))
    .filter(isPlain)
    .map((delegate) => delegateOf(delegate, namespace));
  const own = items(at(object, "spec", "hosts")).length === 0 ? [{ namespace, name }] : [];
  return [...own, ...named];
}

/** Pods that endpoints refer to. */
function targetsIn(object: Plain): Plain[] {
  const addresses = items(object.subsets).flatMap((subset) => items(at(subset, "addresses")));
  return [...items(object.endpoints), ...addresses]
    .map((endpoint) => at(endpoint, "targetRef"))
    .filter(isPlain);
}

function nameIn(object: Plain): string {
  return text(object.name) || text(at(object, "metadata", "name"));
}

/** Every port number that is written down: of services, rules, listeners and destinations. */
function portsIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(portsIn);
  if (!isPlain(value)) return [];
  const own = [value.number, value.port].flatMap((number) => wholeNumber(number) ?? []);
  return [...own, ...Object.values(value).flatMap(portsIn)];
}

/** Every text in a value: hosts may be mentioned anywhere. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isPlain(value) ? Object.values(value).flatMap(textsIn) : [];
}

/** The Service that a host of the cluster names; of a wildcard, one that it would cover. */
function namesIn(host: string, clusterDomain: string): { name: string; namespace: string }[] {
  const suffix = `.svc.${clusterDomain}`;
  if (!host.endsWith(suffix)) return [];
  const [first = "", second] = host.slice(0, -suffix.length).split(".");
  const name = first.replace("*", "") || UNREADABLE;
  return [{ name, namespace: second ?? (first.replace("*", "") || UNREADABLE) }];
}
