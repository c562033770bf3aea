import type { Client } from "../scope/client.js";

/** What the application itself writes onto its connection, before any proxy. */
export type Sends =
  /** Plain HTTP. */
  | "http"
  /** TLS of its own, with a server name unless it calls an address. */
  | "tls"
  /** Anything else, in clear, where the client writes first. */
  | "tcp"
  /** Anything else, in clear, where the client waits for the server's first words (SMTP, SSH, MySQL). */
  | "server-first";

/** One call of an application, as it leaves its container. */
export interface Call {
  /** Who calls. */
  client: Client;
  /**
   * The IP address that the application connects to. A host name here is looked up as the client's
   * DNS would; where that can't be known, the answer is undecided.
   */
  address: string;
  /** The port that it connects to: a Service's `port`, never its `targetPort`. */
  port: number;
  sends: Sends;
  /** The Host header (`http`, without a port) or the server name (`tls`) that it sends; absent: none. */
  host?: string;
  /** The path of an HTTP request: a call is `GET` of it, with no header but its Host. @default "/" */
  path?: string;
}

/** What one cluster adds to a connection towards the endpoints that it has. */
export type ClusterTls = "none" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";

/** The call takes an outbound cluster, by Envoy's name for it: `outbound|443|v1|host`. */
export interface ViaCluster {
  via: "cluster";
  cluster: string;
  /**
   * What Envoy does when it connects. Automatic mutual TLS counts as ISTIO_MUTUAL where every endpoint has
   * a sidecar, else as none.
   */
  tls: ClusterTls;
  /** The server name that the cluster's own TLS sends, where its rule names one. */
  sni?: string;
}

/** The call is handed to a waypoint, which does what `next` says. */
export interface ViaWaypoint {
  via: "waypoint";
  /** `namespace/name` of the waypoint's Gateway. */
  waypoint: string;
  next: readonly CallOutcome[];
}

/** What the client's proxy does with a call, in Envoy's terms. */
export type CallOutcome =
  | ViaCluster
  | ViaWaypoint
  /** PassthroughCluster: it goes where it was going, as it was sent. */
  | { via: "passthrough" }
  /** BlackHoleCluster, no filter chain, or the 502 of REGISTRY_ONLY for an unknown Host header. */
  | { via: "blackhole" }
  /** No proxy sees it: no sidecar, or its port or address is excluded from capture. */
  | { via: "direct" }
  /** The listener takes HTTP, and no route fits: 404, `NR`. */
  | { via: "no-route" }
  /** The route names a cluster that the proxy hasn't got: 503, `NC`; a TCP connection is reset. */
  | { via: "no-cluster"; cluster: string }
  /** The proxy waits for the client's first bytes, and the client for the server's: nothing is sent. */
  | { via: "waits" }
  /** The proxy answers by itself: a redirect or a direct response. */
  | { via: "response" };

/** A call that the objects don't decide, and why. */
export interface UndecidedCall {
  undecided: string;
}
