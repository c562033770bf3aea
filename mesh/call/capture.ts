import ipaddr from "ipaddr.js";
import { isUnknown } from "../input/kube-object.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { at, fits, isPlain, labelsOf, refOf, text, type Plain } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { Client, Dataplane } from "../scope/client.js";
import { isAddress } from "../input/hosts.js";
import type { Call } from "./call.js";

/** Which proxy takes a workload's calls, and which calls it doesn't. */
export interface Capture {
  dataplane: Dataplane;
  /** The annotations `traffic.sidecar.istio.io/…` of the workload, else what holds for the mesh. */
  excludedPorts: string;
  includedPorts: string;
  excludedRanges: string;
  /** `*`: every address; empty: none. */
  includedRanges: string;
  /** `sidecar.istio.io/interceptionMode: NONE`: applications address the proxy themselves. */
  isOff?: true;
  /** An annotation that decides isn't known yet. */
  unknown?: string;
}

/** Whether a proxy takes a call; undefined: that depends on an address that isn't known. */
export type Captured = "proxy" | "direct" | undefined;

const PREFIX = "traffic.sidecar.istio.io/";

const workloads = new WeakMap<Mesh, Map<string, Plain[]>>();

/**
 * How the workloads of a client are captured, each way once. Without a workload among the objects it is what
 * holds for its namespace.
 */
export function capturesOf(mesh: Mesh, client: Client): readonly Capture[] {
  let byClient = capturesByMesh.get(mesh);
  if (!byClient) {
    byClient = new WeakMap();
    capturesByMesh.set(mesh, byClient);
  }
  let captures = byClient.get(client);
  if (!captures) {
    captures = readCaptures(mesh, client);
    byClient.set(client, captures);
  }
  return captures;
}

const capturesByMesh = new WeakMap<Mesh, WeakMap<Client, readonly Capture[]>>();

function readCaptures(mesh: Mesh, client: Client): Capture[] {
  const namespace = dataplaneOfNamespace(mesh, client.namespace);
  const templates = (workloadsIn(mesh).get(client.namespace) ?? []).filter((template) =>
    fits(client.labels ?? {}, labelsOf(at(template, "metadata", "labels"))),
  );
  const read = templates.length > 0 ? templates : [{}];
  const captures = read.map((template) =>
    captureOf(mesh.facts, template, namespace, client.dataplane),
  );
  const distinct = new Map(captures.map((capture) => [JSON.stringify(capture), capture]));
  return [...distinct.values()];
}

/** How the workloads of a client take part in the mesh; several where they differ. */
export function dataplanesOf(mesh: Mesh, client: Client): Dataplane[] {
  return [...new Set(capturesOf(mesh, client).map(({ dataplane }) => dataplane))];
}

function captureOf(
  facts: MeshFacts,
  template: Plain,
  namespace: Dataplane,
  said: Dataplane | undefined,
): Capture {
  const annotations = at(template, "metadata", "annotations");
  const labels = labelsOf(at(template, "metadata", "labels"));
  // An annotation counts where it is there, though it be empty.
  const read = (name: string, ofMesh: readonly string[]) => {
    const own = at(annotations, `${PREFIX}${name}`);
    return typeof own === "string" ? own : ofMesh.join();
  };
  const capture: Capture = {
    dataplane: said ?? dataplaneOf(template, labels, annotations, namespace),
    excludedPorts: read("excludeOutboundPorts", facts.excludeOutboundPorts),
    includedPorts: read("includeOutboundPorts", facts.includeOutboundPorts),
    excludedRanges: read("excludeOutboundIPRanges", facts.excludeOutboundIPRanges),
    includedRanges: read("includeOutboundIPRanges", facts.includeOutboundIPRanges),
  };
  if (at(annotations, MODE) === "NONE") capture.isOff = true;
  const unknown = unknownAnnotation(annotations);
  if (unknown !== undefined) capture.unknown = unknown;
  return capture;
}

const MODE = "sidecar.istio.io/interceptionMode";

function unknownAnnotation(annotations: unknown): string | undefined {
  if (isUnknown(annotations)) return "metadata.annotations";
  if (!isPlain(annotations)) return undefined;
  return Object.keys(annotations).find(
    (name) => (name.startsWith(PREFIX) || name === MODE) && isUnknown(annotations[name]),
  );
}

function dataplaneOf(
  template: Plain,
  labels: Readonly<Record<string, string>>,
  annotations: unknown,
  namespace: Dataplane,
): Dataplane {
  const inject =
    labels["sidecar.istio.io/inject"] ?? text(at(annotations, "sidecar.istio.io/inject"));
  const isOnHost = at(template, "spec", "hostNetwork") === true;
  if (inject === "true" && !isOnHost) return "sidecar";
  const mode = labels["istio.io/dataplane-mode"] ?? (namespace === "ambient" ? "ambient" : "");
  if (mode === "ambient") return isOnHost ? "none" : "ambient";
  return inject === "false" || isOnHost ? "none" : namespace === "ambient" ? "none" : namespace;
}

/** What a namespace's own labels say; one that says nothing, or isn't shown, counts as injected. */
function dataplaneOfNamespace(mesh: Mesh, name: string): Dataplane {
  const namespace = namespacesOf(mesh).get(name);
  const labels = labelsOf(at(namespace, "metadata", "labels"));
  if (labels["istio-injection"] === "disabled") return "none";
  const isInjected = labels["istio-injection"] === "enabled" || "istio.io/rev" in labels;
  return !isInjected && labels["istio.io/dataplane-mode"] === "ambient" ? "ambient" : "sidecar";
}

const namespaces = new WeakMap<Mesh, Map<string, Plain>>();

/** The Namespaces among the objects, by name. */
export function namespacesOf(mesh: Mesh): ReadonlyMap<string, Plain> {
  let known = namespaces.get(mesh);
  if (!known) {
    const found = mesh.objects.filter(({ kind }) => kind === "Namespace");
    known = new Map(found.map((object) => [text(at(object, "metadata", "name")), object]));
    namespaces.set(mesh, known);
  }
  return known;
}

/** Where kinds that make Pods have their template. */
export const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/** Pods, and the templates of what makes Pods, by namespace. */
function workloadsIn(mesh: Mesh): Map<string, Plain[]> {
  const known = workloads.get(mesh);
  if (known) return known;
  const byNamespace = new Map<string, Plain[]>();
  for (const object of mesh.objects) {
    const place = TEMPLATES[text(object.kind)];
    if (!place) continue;
    const template = at(object, ...place);
    const { namespace } = refOf(object);
    const same = byNamespace.get(namespace);
    const read = (template ?? {}) as Plain;
    if (same) same.push(read);
    else byNamespace.set(namespace, [read]);
  }
  workloads.set(mesh, byNamespace);
  return byNamespace;
}

/** What the rules of a workload's network do with a call (tools/istio-iptables): ports before ranges, exclusions first. */
export function captured(
  capture: Capture,
  { address, port }: Pick<Call, "address" | "port">,
): Captured {
  if (capture.dataplane === "none") return "direct";
  if (capture.dataplane === "ambient") return "proxy";
  if (isLoopback(address)) return "proxy";
  if (capture.unknown !== undefined) return undefined;
  if (capture.isOff) return "direct";
  if (listed(capture.excludedPorts).includes(String(port))) return "direct";
  const excluded = listed(capture.excludedRanges);
  if (excluded.length > 0) {
    if (!isAddress(address)) return undefined;
    if (isWithin(address, excluded)) return "direct";
  }
  const ports = listed(capture.includedPorts);
  if (ports.includes("*") || ports.includes(String(port))) return "proxy";
  const included = listed(capture.includedRanges);
  if (included.includes("*")) return "proxy";
  if (included.length === 0) return "direct";
  if (!isAddress(address)) return undefined;
  return isWithin(address, included) ? "proxy" : "direct";
}

/** What a workload calls on itself: no rule takes it, and a listener that is bound there gets it. */
export function isLoopback(address: string): boolean {
  return address === "127.0.0.1" || address === "::1";
}

function listed(value: string): string[] {
  return value.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
}

function isWithin(address: string, ranges: readonly string[]): boolean {
  const parsed = ipaddr.process(address);
  return ranges.some((range) => {
    if (ipaddr.isValid(range)) return ipaddr.process(range).toString() === parsed.toString();
    if (!ipaddr.isValidCIDR(range)) return false;
    const [start, bits] = ipaddr.parseCIDR(range);
    return start.kind() === parsed.kind() && parsed.match(start, bits);
  });
}
