import type { Input } from "@pulumi/pulumi";

/** The protocols that Istio reads from a port's name, before the first `-` (`grpc-web` is one word). */
export const PORT_PROTOCOLS = [
  "http",
  "http2",
  "https",
  "tls",
  "tcp",
  "grpc",
  "grpc-web",
  "mongo",
  "redis",
  "mysql",
  "udp",
] as const;

/** A protocol that Istio reads from a port's name. */
export type PortProtocol = (typeof PORT_PROTOCOLS)[number];

/** One port of an alias. */
export interface AliasPort {
  /**
   * `<protocol>` or `<protocol>-<anything>`: Istio takes the protocol from it. Plain text, because
   * what is written for the port depends on it.
   */
  name: string;
  /** What clients call. 1 to 65535. */
  port: Input<number>;
  /**
   * Where the outside service listens, if elsewhere: 443 for plain HTTP on 80 that Istio encrypts.
   * @default port
   */
  targetPort?: Input<number>;
  /** @default "UDP" if the name says so, else "TCP" */
  protocol?: "TCP" | "UDP";
}

/**
 * What Istio takes a port for, by its name alone; undefined: it would have to guess. Mirrors
 * ConvertProtocol of its pkg/config/kube, where anything that begins with `grpc-web` is that.
 */
export function protocolOf(portName: string): PortProtocol | undefined {
  if (portName.startsWith("grpc-web")) return "grpc-web";
  const prefix = portName.split("-", 1)[0];
  return PORT_PROTOCOLS.find((protocol) => protocol === prefix);
}

/**
 * Whether a sidecar can encrypt on this port: not where the workload does so itself (`tls`,
 * `https`), nor on UDP, which it doesn't carry.
 */
export function istioEncrypts(portName: string): boolean {
  const protocol = protocolOf(portName);
  return protocol !== "tls" && protocol !== "https" && protocol !== "udp";
}

/** Whether a sidecar reads HTTP on this port, so that it knows a request's Host header. */
export function readsHttp(portName: string): boolean {
  const protocol = protocolOf(portName);
  return HTTP.some((http) => http === protocol);
}

const HTTP: readonly PortProtocol[] = ["http", "http2", "grpc", "grpc-web"];

/** The Kubernetes protocol of a port. */
export function transportOf(port: Pick<AliasPort, "name" | "protocol">): "TCP" | "UDP" {
  return port.protocol ?? (protocolOf(port.name) === "udp" ? "UDP" : "TCP");
}
