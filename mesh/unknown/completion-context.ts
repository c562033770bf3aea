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
} from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import { readWorkloadEntry } from "../registry/workload.js";
import type { Client } from "../scope/client.js";
import { delegateOf } from "../scope/virtual-service.js";
import type { CompletionContext } from "./completions/values.js";
import type { RelevantObjects } from "./relevant-objects.js";
import type { VisibleObjects } from "./visible-objects.js";

/** Collects what completions of unknown values can refer to. */
export function completionContext(
  relevant: RelevantObjects,
  visible: VisibleObjects,
  client: Client,
): CompletionContext {
  const { facts } = relevant;
  const { rules, objects } = visible;
  const services = relevant.hosts.flatMap(relevant.servicesOf);
  const named = namedServices(relevant, visible);
  const delegates = objects.flatMap(delegatesIn);
  const endpoints = services.flatMap((service) => relevant.endpointsOf(service));
  const pods = objects.filter(({ kind }) => kind === "Pod");
  return {
    // A Service of unknown name has a host that no text has.
    hosts: relevant.hosts.map((host) => (host.startsWith(".") ? UNREADABLE + host : host)),
    serviceNames: named.map(({ name }) => name),
    delegates,
    clientNamespace: client.namespace,
    clientLabels: client.labels ?? {},
    namespaces: [
      ...new Set([
        ...visible.namespaces,
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
    inside: facts.clusterCidrs.map((cidr) => cidr.replace(/\/.*$/, "")),
  };
}

/** Services that a text anywhere names by its host, or endpoints by their label or name. */
function namedServices({ hosts, facts }: RelevantObjects, { rules, objects }: VisibleObjects) {
  const mentioned = [hosts, rules.map((rule) => rule.host), objects].flatMap(textsIn);
  const named = [...new Set(mentioned.map((host) => host.slice(host.indexOf("/") + 1)))].flatMap(
    (host) => namesIn(host, facts.clusterDomain),
  );
  return [...named, ...objects.flatMap(servedBy)];
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
