import ipaddr from "ipaddr.js";
import { isAddress, serviceHost } from "../input/hosts.js";
import { at, refOf, text, type Plain } from "../input/plain.js";
import type { Mesh } from "../mesh.js";

/** Whether an address lies outside the cluster's own ranges, as far as they are known. */
export function isOutside({ facts }: Pick<Mesh, "facts">, address: string): boolean {
  if (!isAddress(address)) return address !== "";
  const parsed = ipaddr.process(address);
  return !facts.clusterCidrs.some((cidr) => {
    if (!ipaddr.isValidCIDR(cidr)) return false;
    const [range, bits] = ipaddr.parseCIDR(cidr);
    return parsed.kind() === range.kind() && parsed.match(range, bits);
  });
}

/** Whether a name can only be that of a Service of the cluster, or of something behind one. */
export function isOfCluster({ facts }: Pick<Mesh, "facts">, host: string): boolean {
  return host.endsWith(`.svc.${facts.clusterDomain}`);
}

/** The API server's Service, which Kubernetes itself keeps in every cluster. */
export function apiServerHost({ facts }: Pick<Mesh, "facts">): string {
  return serviceHost("kubernetes", "default", facts.clusterDomain);
}

/** Controllers of GatewayClasses; waypoints, and gateways that run elsewhere, have others. */
const GATEWAY_CONTROLLER = "istio.io/gateway-controller";
/** Classes of proxies that are named like their Gateway. */
const NAMED_ALIKE: readonly string[] = ["istio-waypoint", "istio-east-west"];

/** The class that Istio brings, and those that name its controller. */
export function gatewayClasses(objects: readonly Plain[]): Set<string> {
  const own = objects.filter(
    ({ kind, spec }) =>
      kind === "GatewayClass" && at(spec, "controllerName") === GATEWAY_CONTROLLER,
  );
  return new Set(["istio", ...own.map((object) => text(at(object, "metadata", "name")))]);
}

/** Whether an object is a Gateway, or a class of them, of the Kubernetes Gateway API. */
export function isOfGatewayApi({ apiVersion, kind }: Plain): boolean {
  return (
    (kind === "Gateway" || kind === "GatewayClass") &&
    text(apiVersion).startsWith("gateway.networking.k8s.io/")
  );
}

const hostsByMesh = new WeakMap<Mesh["objects"], Set<string>>();

/**
 * Whether a host is that of a Service that istiod makes for a Gateway of the Kubernetes API, which is
 * in no file (pilot/pkg/config/kube/gateway/deploymentcontroller.go).
 */
export function isDeployedGateway({ objects, facts }: Mesh, host: string): boolean {
  let hosts = hostsByMesh.get(objects);
  if (!hosts) {
    const gateways = objects.filter(isOfGatewayApi);
    const classes = gatewayClasses(gateways);
    hosts = new Set(
      gateways.flatMap((gateway) => {
        const name = deployedName(gateway, classes);
        const { namespace } = refOf(gateway);
        return name === undefined ? [] : serviceHost(name, namespace, facts.clusterDomain);
      }),
    );
    hostsByMesh.set(objects, hosts);
  }
  return hosts.has(host);
}

function deployedName(gateway: Plain, classes: ReadonlySet<string>): string | undefined {
  if (gateway.kind !== "Gateway") return undefined;
  const { name } = refOf(gateway);
  const className = text(at(gateway, "spec", "gatewayClassName"));
  const isAlike = NAMED_ALIKE.includes(className);
  if (!isAlike && !classes.has(className)) return undefined;
  const written = text(at(gateway, "metadata", "annotations", "gateway.istio.io/name-override"));
  return written || (isAlike ? name : `${name}-${className}`);
}
