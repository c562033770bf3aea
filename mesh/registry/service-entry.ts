import ipaddr from "ipaddr.js";
import {
  at,
  creationTime,
  isPlain,
  items,
  labelsOf,
  refOf,
  text,
  texts,
  wholeNumber,
} from "../input/plain.js";
import type { Plain } from "../input/plain.js";
import type { Resolution, Service, ServiceFacts } from "./service.js";

const RESOLUTIONS: Readonly<Record<string, Resolution>> = {
  STATIC: "eds",
  DNS: "dns",
  DNS_ROUND_ROBIN: "dns-round-robin",
  DYNAMIC_DNS: "dynamic-dns",
};

/**
 * Reads a ServiceEntry: one service per host (pilot/pkg/serviceregistry/serviceentry). Hosts keep
 * their case and are never completed with a namespace.
 */
export function readServiceEntry(
  object: Plain,
  { defaultExportTo }: Pick<ServiceFacts, "defaultExportTo">,
): Service[] {
  const ref = refOf(object);
  const spec = at(object, "spec");
  if (!hasUsableAddress(texts(at(spec, "addresses")))) return [];
  const selector = at(spec, "workloadSelector");
  const shared = {
    ref,
    object,
    created: creationTime(object),
    fromKubernetes: false,
    ports: items(at(spec, "ports"))
      .filter(isPlain)
      .map((port) => ({
        number: wholeNumber(port.number) ?? 0,
        name: text(port.name),
        protocol: text(port.protocol).toLowerCase(),
      })),
    resolution: RESOLUTIONS[text(at(spec, "resolution"))] ?? "original-destination",
    // MESH_EXTERNAL is the first value of the enumeration, so it holds when nothing is written.
    meshExternal: at(spec, "location") !== "MESH_INTERNAL",
    exportTo: texts(at(spec, "exportTo")),
    defaultExportTo,
    labels: labelsOf(at(object, "metadata", "labels")),
    ...(isPlain(selector) ? { selector: labelsOf(selector.labels) } : {}),
  } satisfies Partial<Service>;
  return [...new Set(texts(at(spec, "hosts")))].map((host) => ({ ...shared, host, name: host }));
}

/** With addresses that are all unreadable, istiod registers nothing; without any, it does. */
function hasUsableAddress(addresses: readonly string[]): boolean {
  return (
    addresses.length === 0 ||
    addresses.some((address) => ipaddr.isValid(address) || ipaddr.isValidCIDR(address))
  );
}
