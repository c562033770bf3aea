import { at, text, type Plain } from "./plain.js";

/** The kinds that decide anything, with the API group that each must have. */
export const GROUPS = {
  Service: "",
  Endpoints: "",
  Pod: "",
  EndpointSlice: "discovery.k8s.io",
  DestinationRule: "networking.istio.io",
  ServiceEntry: "networking.istio.io",
  WorkloadEntry: "networking.istio.io",
  Sidecar: "networking.istio.io",
  VirtualService: "networking.istio.io",
  PeerAuthentication: "security.istio.io",
  BackendTLSPolicy: "gateway.networking.k8s.io",
} as const;

/** A kind of object that the model reads. */
export type Kind = keyof typeof GROUPS;

/** Objects by kind, without those that are labelled for another revision of the control plane. */
export function sortByKind(objects: readonly Plain[], revision: string): Record<Kind, Plain[]> {
  const byKind = Object.fromEntries(
    Object.keys(GROUPS).map((kind): [string, Plain[]] => [kind, []]),
  ) as Record<Kind, Plain[]>;
  for (const object of objects) {
    const kind = text(object.kind) as Kind;
    const group = GROUPS[kind];
    if (group === undefined) continue;
    const [first, version] = text(object.apiVersion).split("/");
    if ((version === undefined ? "" : first) !== group) continue;
    if (group.endsWith("istio.io") && !isInRevision(object, revision)) continue;
    byKind[kind].push(object);
  }
  return byKind;
}

function isInRevision(object: Plain, revision: string): boolean {
  const own = at(object, "metadata", "labels", "istio.io/rev");
  return typeof own !== "string" || revision === "" || own === revision;
}
