import { at, text, type Plain } from "./plain.js";

/** What is known of a kind of object that decides anything. */
interface KindSpec {
  /** The API group that it must have; another group's kind of the same name is another kind. */
  group: string;
  /** The version that every API server with the group serves. Istio's v1 came with Istio 1.22. */
  version: string;
  plural: string;
  /**
   * How it is read from a cluster: `optional` where not every cluster with Istio has it, `never`
   * where istiod reads something else that is made from it. @default always
   */
  listed?: "optional" | "never";
  /** Whether one says something about every host, or about clients of every host. @default false */
  concernsAllHosts?: true;
  /** The places that say which hosts or clients an object is about. @default none */
  identity?: RegExp;
}

/** The kinds that decide anything: readers of files and clusters, the pack and the model start from here. */
export const KINDS = {
  Service: {
    ...{ group: "", version: "v1", plural: "services" },
    identity: /^metadata(\.name|\.namespace)?$/,
  },
  Endpoints: {
    ...{ group: "", version: "v1", plural: "endpoints" },
    listed: "never", // Kubernetes mirrors them to slices, which istiod reads.
    identity: /^metadata(\.name|\.namespace)?$/,
  },
  Pod: {
    ...{ group: "", version: "v1", plural: "pods" },
    identity: /^metadata(\.namespace)?$/,
  },
  EndpointSlice: {
    ...{ group: "discovery.k8s.io", version: "v1", plural: "endpointslices" },
    identity: /^metadata(\.namespace|\.labels|\.labels\.kubernetes\.io\/service-name)?$/,
  },
  DestinationRule: {
    ...{ group: "networking.istio.io", version: "v1beta1", plural: "destinationrules" },
    identity: /^(metadata(\.namespace)?|spec|spec\.host)$/,
  },
  ServiceEntry: {
    ...{ group: "networking.istio.io", version: "v1beta1", plural: "serviceentries" },
    identity: /^(metadata|metadata\.namespace|spec|spec\.hosts(\.\d+)?)$/,
  },
  WorkloadEntry: {
    ...{ group: "networking.istio.io", version: "v1beta1", plural: "workloadentries" },
    identity: /^metadata(\.namespace)?$/,
  },
  Sidecar: {
    ...{ group: "networking.istio.io", version: "v1beta1", plural: "sidecars" },
    concernsAllHosts: true,
  },
  VirtualService: {
    ...{ group: "networking.istio.io", version: "v1beta1", plural: "virtualservices" },
    concernsAllHosts: true,
  },
  PeerAuthentication: {
    ...{ group: "security.istio.io", version: "v1beta1", plural: "peerauthentications" },
    concernsAllHosts: true,
  },
  BackendTLSPolicy: {
    ...{ group: "gateway.networking.k8s.io", version: "v1", plural: "backendtlspolicies" },
    listed: "optional",
    concernsAllHosts: true,
    identity: /^(metadata(\.namespace)?|spec|spec\.targetRefs(\.\d+(\.(kind|name))?)?)$/,
  },
} as const satisfies Record<string, KindSpec>;

/** A kind of object that the model reads. */
export type Kind = keyof typeof KINDS;

/** What is known of a kind by its name; undefined for one that the model doesn't read. */
export function kindSpec(kind: string): KindSpec | undefined {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind as Kind] : undefined;
}

/** `networking.istio.io` of `networking.istio.io/v1`, "" of `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** Whether the model reads objects of this kind. */
export function isRead({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  return kindSpec(kind)?.group === groupOf(apiVersion);
}

/** Objects by kind, without those that are labelled for another revision of the control plane. */
export function sortByKind(objects: readonly Plain[], revision: string): Record<Kind, Plain[]> {
  const byKind = Object.fromEntries(
    Object.keys(KINDS).map((kind): [string, Plain[]] => [kind, []]),
  ) as Record<Kind, Plain[]>;
  for (const object of objects) {
    const kind = text(object.kind);
    const group = groupOf(text(object.apiVersion));
    if (kindSpec(kind)?.group !== group) continue;
    if (isIstios(group) && !isInRevision(object, revision)) continue;
    byKind[kind as Kind].push(object);
  }
  return byKind;
}

/** Whether a group is one of Istio's own. */
export function isIstios(group: string): boolean {
  return group.endsWith(".istio.io");
}

function isInRevision(object: Plain, revision: string): boolean {
  const own = at(object, "metadata", "labels", "istio.io/rev");
  return typeof own !== "string" || revision === "" || own === revision;
}
