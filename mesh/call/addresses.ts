import ipaddr from "ipaddr.js";
import { at, texts } from "../input/plain.js";
import { isAddress, isWildcard } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import { terminalOf } from "../registry/external-names.js";
import type { Service } from "../registry/service.js";

/** Where listeners take calls to whatever has no address of its own. */
export const ANY_ADDRESS = "0.0.0.0";

/** Where one listener takes calls to a service: at an address, or at any within ranges. */
export interface Binding {
  address: string;
  ranges: readonly string[];
}

/** Stands for the address that the cluster gives a Service, where the objects don't show it. */
function allocated({ ref }: Service): string {
  return `the address of ${ref.kind} ${ref.namespace}/${ref.name}`;
}

/** Stands for the address that istiod gives a host for its DNS proxy. */
function autoAllocated({ ref, host }: Service): string {
  return `the address that istiod gives ${host} of ${ref.namespace}/${ref.name}`;
}

/** Stands for an address outside that only DNS knows. */
function outside(name: string): string {
  return `the address of ${name} outside`;
}

/**
 * Where a service takes calls (`GetAddressForProxy`): a Service at its cluster IP, a ServiceEntry at its
 * addresses, or at those that istiod gives it where the proxy answers DNS; else everywhere.
 */
export function bindingsOf(mesh: Mesh, service: Service): readonly Binding[] {
  const spec = at(service.object, "spec");
  if (service.fromKubernetes) {
    const ips = [at(spec, "clusterIP"), ...texts(at(spec, "clusterIPs"))].filter(
      (ip): ip is string => typeof ip === "string" && ip !== "",
    );
    if (ips.includes("None")) return EVERYWHERE;
    return ips.length === 0
      ? [{ address: allocated(service), ranges: [] }]
      : [...new Set(ips)].map((address) => ({ address, ranges: [] }));
  }
  const written = texts(at(spec, "addresses"));
  if (written.length > 0) {
    return written.flatMap((address): Binding[] => {
      if (isAddress(address)) return [{ address, ranges: [] }];
      if (!ipaddr.isValidCIDR(address)) return [];
      const [ip, bits] = ipaddr.parseCIDR(address);
      return bits === (ip.kind() === "ipv4" ? 32 : 128)
        ? [{ address: ip.toString(), ranges: [] }]
        : [{ address: ANY_ADDRESS, ranges: [address] }];
    });
  }
  return isAutoAllocated(mesh, service)
    ? [{ address: autoAllocated(service), ranges: [] }]
    : EVERYWHERE;
}

const EVERYWHERE: readonly Binding[] = [{ address: ANY_ADDRESS, ranges: [] }];

/** Whether proxies that answer DNS give a host an address of its own. */
function isAutoAllocated({ facts }: Mesh, service: Service): boolean {
  return facts.dnsCapture === true && isAllocatable(service);
}

/** Whether istiod gives a ServiceEntry's host an address; a wildcard gets one only with DYNAMIC_DNS. */
function isAllocatable({ host, resolution, labels }: Service): boolean {
  return (
    resolution !== "original-destination" &&
    (resolution === "dynamic-dns" || !isWildcard(host)) &&
    labels["networking.istio.io/enable-autoallocate-ip"]?.toLowerCase() !== "false"
  );
}

/**
 * Whether ztunnels, which know services by address, know this one: ambient always answers DNS, and a headless
 * Service has the addresses of its endpoints alone.
 */
export function isKnownToZtunnel(mesh: Mesh, service: Service): boolean {
  if (service.fromKubernetes) return bindingsOf(mesh, service) !== EVERYWHERE;
  return texts(at(service.object, "spec", "addresses")).length > 0 || isAllocatable(service);
}

/** An address for each name, as the client's DNS answers it; undefined where none can be known. */
export function lookUp(mesh: Mesh, name: string, service?: Service): string | undefined {
  const found = service ?? mesh.registry.of(name)[0];
  if (!found) return outside(name);
  if (found.externalName !== undefined) {
    const terminal = terminalOf(mesh, found);
    if (terminal === undefined) return undefined;
    const [end] = mesh.registry.of(terminal);
    return end ? lookUp(mesh, terminal, end) : isAddress(terminal) ? terminal : outside(terminal);
  }
  if (isHeadless(found)) {
    return mesh.endpointsOf(found).find(({ address }) => isAddress(address))?.address;
  }
  const [binding] = bindingsOf(mesh, found);
  if (!binding || isWildcard(name)) return undefined;
  if (binding.ranges.length > 0) return binding.ranges[0]?.split("/")[0];
  return binding.address === ANY_ADDRESS ? outside(name) : binding.address;
}

/** A Service of Kubernetes whose name leads to its endpoints themselves. */
export function isHeadless({ fromKubernetes, resolution }: Service): boolean {
  return fromKubernetes && resolution === "original-destination";
}
