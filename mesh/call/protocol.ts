import type { Service, ServicePort } from "../registry/service.js";
import type { Sends } from "./call.js";

/** What a sidecar's listener makes of a port (pilot/pkg/networking/networking.go). */
export type ListenerProtocol = "http" | "tcp" | "auto";

const HTTP: readonly string[] = ["http", "http2", "grpc", "grpc-web", "http_proxy"];
const TLS: readonly string[] = ["https", "tls"];
const TCP: readonly string[] = ["tcp", "mongo", "redis", "mysql", ...TLS];

/** Ports of SMTP, DNS, MySQL and MongoDB: a Service's port of no known protocol is TCP there. */
const NEVER_DETECTED: readonly number[] = [25, 53, 3306, 27017];

/** How calls to a port are taken; undefined for UDP, which no listener takes. */
export function listenerProtocol(
  { fromKubernetes }: Pick<Service, "fromKubernetes">,
  { protocol, number }: Pick<ServicePort, "protocol" | "number">,
): ListenerProtocol | undefined {
  if (protocol === "udp") return undefined;
  if (HTTP.includes(protocol)) return "http";
  if (TCP.includes(protocol)) return "tcp";
  return fromKubernetes && NEVER_DETECTED.includes(number) ? "tcp" : "auto";
}

/** Whether a port is declared to carry TLS of the application's own. */
export function isTlsPort({ protocol }: Pick<ServicePort, "protocol">): boolean {
  return TLS.includes(protocol);
}

/** Protocols that share a port with no other: Envoy's inspectors would break them. */
export function isExclusive({ protocol }: Pick<ServicePort, "protocol">): boolean {
  return protocol === "mongo" || protocol === "mysql";
}

/** Ports of FTP, SSH, SMTP, POP3, IMAP, mail submission, MySQL and VNC, where the server speaks first. */
const SERVER_FIRST: readonly number[] = [21, 22, 25, 110, 143, 587, 3306, 5900];

/**
 * What an application sends to a port, as far as the port's declaration says. One of no known protocol
 * is taken for what its number is commonly for.
 */
export function sendsTo(service: Pick<Service, "fromKubernetes">, port: ServicePort): Sends {
  if (isTlsPort(port)) return "tls";
  const protocol = listenerProtocol(service, port);
  if (protocol === "http") return "http";
  if (port.protocol === "mysql" || SERVER_FIRST.includes(port.number)) return "server-first";
  if (protocol === "tcp") return "tcp";
  if (port.number === 443) return "tls";
  return [80, 8080].includes(port.number) ? "http" : "tcp";
}
