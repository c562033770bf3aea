/**
 * What an alias's Service and its addresses are made of, as data: the component creates them, and
 * `istio-egress import` compares them with what is there. Imports no Pulumi SDK.
 */
import type { Input } from "@pulumi/pulumi";
import { transportOf, type AliasPort } from "../../catalogue/ports.js";
import { MANAGED_BY, MANAGER } from "../resources/labels.js";
import { type InsidePods, type Location, NOWHERE } from "./location.js";

/** What decides the Service of an alias for addresses. */
export interface AddressesService {
  ports: readonly AliasPort[];
  inside?: InsidePods;
  location?: Location;
}

/** No clusterIP, ever: it is Kubernetes' to give. No selector, unless the servers may be Pods. */
export function addressesServiceSpec({ ports, inside, location }: AddressesService) {
  const selector = location === "inside" ? inside?.selector : NOWHERE;
  return {
    ports: ports.map((port) => {
      const targetPort = inside ? inside.targetPorts?.[port.name] : port.targetPort;
      return { ...servicePort(port), targetPort };
    }),
    ...(inside && { selector }),
  };
}

/** A targetPort means nothing to an ExternalName, which is a CNAME. */
export function nameServiceSpec(externalName: Input<string>, ports: readonly AliasPort[]) {
  return { type: "ExternalName", externalName, ports: ports.map(servicePort) };
}

function servicePort(port: AliasPort) {
  return { name: port.name, protocol: transportOf(port), port: port.port };
}

/** Endpoints carry the port where the outside service really listens, under the Service's port name. */
function endpointPort(port: AliasPort) {
  return {
    name: port.name,
    port: port.targetPort ?? port.port,
    protocol: transportOf(port),
  };
}

/** `subsets` of Endpoints. */
export function endpointSubsets(addresses: readonly Input<string>[], ports: readonly AliasPort[]) {
  return [{ addresses: addresses.map((ip) => ({ ip })), ports: ports.map(endpointPort) }];
}

/** The labels of a Service's slice. */
export function sliceLabels(service: Input<string>) {
  return {
    ...MANAGED_BY,
    // The only link to the Service: a slice's name means nothing.
    "kubernetes.io/service-name": service,
    // Keeps Kubernetes' own controllers off it.
    "endpointslice.kubernetes.io/managed-by": MANAGER,
  };
}

/** An EndpointSlice without its metadata. */
export function sliceContent(
  family: Family,
  addresses: readonly Input<string>[],
  ports: readonly AliasPort[],
) {
  return {
    addressType: family,
    // One endpoint an address: further addresses of an endpoint are ignored.
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: ports.map(endpointPort),
  };
}

export type Family = "IPv4" | "IPv6";

/** What the name of a family's slice ends with, after the Service's. */
export function sliceSuffix(family: Family): string {
  return `-${family.toLowerCase()}`;
}

/** The families that there are addresses of, each with its addresses. An Output counts as IPv4. */
export function byFamily(addresses: readonly Input<string>[]): [Family, Input<string>[]][] {
  const isV6 = (address: Input<string>) => typeof address === "string" && address.includes(":");
  const families: [Family, Input<string>[]][] = [
    ["IPv4", addresses.filter((address) => !isV6(address))],
    ["IPv6", addresses.filter(isV6)],
  ];
  return families.filter(([, members]) => members.length > 0);
}
