import { at, isPlain, NAMELESS, refOf, type Plain } from "../input/plain.js";
import { isUnknown } from "../input/kube-object.js";
import { isPublic } from "../registry/registry.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Client } from "../scope/client.js";
import type { RelevantObjects } from "./relevant-objects.js";

/** What of the relevant objects one client can see. */
export interface VisibleObjects {
  rules: readonly DestinationRule[];
  objects: readonly Plain[];
  namespaces: readonly string[];
}

/** Leaves out what a client can't see: rules of other namespaces never hold for it. */
export function visibleTo(relevant: RelevantObjects, client: Client): VisibleObjects {
  const { rootNamespace } = relevant.facts;
  const namespaces = [
    ...new Set([client.namespace, ...relevant.serviceNamespaces, rootNamespace]),
  ].filter((namespace) => namespace !== NAMELESS);
  const isSeen = (object: Plain) => {
    const { namespace } = refOf(object);
    return namespace === NAMELESS || namespaces.includes(namespace);
  };
  const { Sidecar, VirtualService, PeerAuthentication } = relevant.byNamespace;
  return {
    rules: relevant.rules.filter((rule) => isSeen(rule.object)),
    objects: [
      ...relevant.objects,
      ...Sidecar.filter(isSeen),
      ...(mayImportLess(relevant) ? VirtualService : []),
      ...PeerAuthentication.filter(isSeen),
    ],
    namespaces,
  };
}

/** Whether some client may not import all services, so that VirtualServices may add to them. */
function mayImportLess({ hosts, servicesOf, byNamespace }: RelevantObjects): boolean {
  const services = hosts.flatMap(servicesOf);
  return byNamespace.Sidecar.length > 0 || !services.every(isPublic);
}

/**
 * Whether ISTIO_MUTUAL can come about, however the unknown values turn out: a rule says it or could
 * bring it about by PASSTHROUGH, or what is sent to original destinations has sidecars only.
 */
export function mayBeMutual({ rules, objects }: VisibleObjects): boolean {
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
