import { z } from "zod";

/**
 * What a proxy does with TLS towards a cluster.
 * - `PLAIN`: none. `SIMPLE`, `MUTUAL`: TLS without and with a certificate that the user provides.
 * - `AUTO`: Istio's mutual TLS towards endpoints that are known to speak it, plain text to all others.
 * - `ISTIO_MUTUAL`: Istio's mutual TLS towards every endpoint, whether it can speak it or not.
 */
export type ClusterTls = "PLAIN" | "AUTO" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";

/** One outbound cluster in a proxy's configuration. */
export interface SidecarCluster {
  host: string;
  port: number;
  /** "" for the cluster without a subset. */
  subset: string;
  tls: ClusterTls;
  /** The DestinationRule that decided; absent where none was selected. */
  rule?: { kind: "DestinationRule"; namespace: string; name: string };
  /** The server name that TLS announces, where it does. */
  sni?: string;
  /** How the proxy finds the endpoints (`EDS`, `STRICT_DNS`, `ORIGINAL_DST`, ...). */
  discovery: string;
  /** Known in the dump itself, or in its endpoint part; empty too when that part isn't there. */
  endpoints: SidecarEndpoint[];
  /** The hosts whose HTTP requests are routed here; absent where the dump has no such routes. */
  routedHosts?: string[];
}

/** One endpoint of a cluster. */
export interface SidecarEndpoint {
  /** `ip:port` or `name:port`. */
  address: string;
  /** Whether istiod knows it to speak Istio's mutual TLS: what decides in an AUTO cluster. */
  istioMutual: boolean;
}

const transportSocket = z.object({
  name: z.string(),
  typedConfig: z
    .object({
      sni: z.string().optional(),
      commonTlsContext: z
        .object({
          tlsCertificates: z.array(z.unknown()).default([]),
          tlsCertificateSdsSecretConfigs: z.array(z.object({ name: z.string() })).default([]),
        })
        .optional(),
      /** Of a socket that wraps another one (the PROXY protocol, HBONE). */
      get transportSocket() {
        return transportSocket.optional();
      },
    })
    .optional(),
});

type TransportSocket = z.infer<typeof transportSocket>;

const loadAssignment = z.object({
  clusterName: z.string(),
  endpoints: z
    .array(
      z.object({
        lbEndpoints: z
          .array(
            z.object({
              endpoint: z.object({
                address: z.object({
                  socketAddress: z
                    .object({ address: z.string(), portValue: z.number() })
                    .optional(),
                }),
              }),
              metadata: z
                .object({
                  filterMetadata: z.record(z.string(), z.record(z.string(), z.unknown())),
                })
                .partial()
                .optional(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

type LoadAssignment = z.infer<typeof loadAssignment>;

const cluster = z.object({
  name: z.string(),
  type: z.string().default("STATIC"),
  edsClusterConfig: z.object({ serviceName: z.string().optional() }).optional(),
  loadAssignment: loadAssignment.optional(),
  transportSocket: transportSocket.optional(),
  transportSocketMatches: z
    .array(z.object({ name: z.string(), transportSocket: transportSocket.optional() }))
    .default([]),
  metadata: z
    .object({
      filterMetadata: z
        .object({ istio: z.object({ config: z.string().optional() }).optional() })
        .optional(),
    })
    .optional(),
});

type EnvoyCluster = z.infer<typeof cluster>;

const route = z.object({
  route: z
    .object({
      cluster: z.string().optional(),
      weightedClusters: z.object({ clusters: z.array(z.object({ name: z.string() })) }).optional(),
    })
    .optional(),
});

const routeConfiguration = z.object({
  virtualHosts: z
    .array(z.object({ domains: z.array(z.string()), routes: z.array(route).default([]) }))
    .default([]),
});

/**
 * Reads the outbound clusters of a proxy from a configuration dump: istiod's `/debug/config_dump`
 * (with or without `types`) or Envoy's own `/config_dump`, which spell their fields differently.
 *
 * @param dump parsed JSON
 * @throws ZodError where it isn't such a dump
 */
export function readClusters(dump: unknown): SidecarCluster[] {
  const resources = resourcesOf(camelCased(dump));
  const assignments = new Map(
    resources
      .filter((resource) => hasType(resource, "ClusterLoadAssignment"))
      .map((resource) => loadAssignment.parse(resource))
      .map((assignment) => [assignment.clusterName, assignment]),
  );
  const routed = routedHosts(
    resources
      .filter((resource) => hasType(resource, "RouteConfiguration"))
      .map((resource) => routeConfiguration.parse(resource)),
  );
  return resources
    .filter((resource) => hasType(resource, "Cluster"))
    .map((resource) => cluster.parse(resource))
    .flatMap((found) => {
      const service = found.edsClusterConfig?.serviceName ?? found.name;
      const read = sidecarCluster(found, found.loadAssignment ?? assignments.get(service));
      const hosts = routed.get(found.name);
      return read ? [{ ...read, ...(hosts && { routedHosts: [...hosts].sort() }) }] : [];
    });
}

/** By cluster, the domains of the virtual hosts that some route leads from to it. */
function routedHosts(
  configurations: readonly z.infer<typeof routeConfiguration>[],
): Map<string, Set<string>> {
  const routed = new Map<string, Set<string>>();
  for (const { domains, routes } of configurations.flatMap(({ virtualHosts }) => virtualHosts)) {
    const actions = routes.flatMap(({ route }) => route ?? []);
    for (const { cluster, weightedClusters } of actions) {
      const names = weightedClusters?.clusters.map(({ name }) => name) ?? [];
      for (const name of cluster === undefined ? names : [cluster, ...names]) {
        routed.set(name, new Set([...(routed.get(name) ?? []), ...domains]));
      }
    }
  }
  return routed;
}

/** Istio names an outbound cluster `outbound|<port>|<subset>|<host>`; others have other names. */
function sidecarCluster(
  found: EnvoyCluster,
  assignment: LoadAssignment | undefined,
): SidecarCluster | undefined {
  const [direction, port, subset, host] = found.name.split("|");
  if (direction !== "outbound" || subset === undefined || host === undefined) return undefined;
  const { tls, sni } = classify(found);
  const rule = ruleNamed(found.metadata?.filterMetadata?.istio?.config);
  return {
    host,
    port: Number(port),
    subset,
    tls,
    ...(rule && { rule }),
    ...(sni !== undefined && { sni }),
    discovery: found.type,
    endpoints: assignment ? endpointsOf(assignment) : [],
  };
}

/** Mirrors how istiod builds a cluster's sockets (`pilot/pkg/networking/core/cluster_tls.go`). */
function classify(found: EnvoyCluster): { tls: ClusterTls; sni?: string } {
  const matches = new Map(
    found.transportSocketMatches.map((match) => [match.name, match.transportSocket]),
  );
  const user = matches.get("user");
  if (user) return socketTls(user);
  if (matches.has("tlsMode-disabled")) {
    return matches.has("tlsMode-istio") ? { tls: "AUTO" } : { tls: "PLAIN" };
  }
  if (matches.has("tlsMode-istio")) return { tls: "ISTIO_MUTUAL" };
  return socketTls(found.transportSocket);
}

/** The name under which a sidecar's agent serves the workload certificate that Istio issued. */
const WORKLOAD_CERTIFICATE = "default";

function socketTls(socket: TransportSocket | undefined): { tls: ClusterTls; sni?: string } {
  const config = socket?.typedConfig;
  if (config?.transportSocket) return socketTls(config.transportSocket);
  const context = config?.commonTlsContext;
  if (!context) return { tls: "PLAIN" };
  const secrets = context.tlsCertificateSdsSecretConfigs;
  const sni = config.sni === undefined ? {} : { sni: config.sni };
  if (secrets.some(({ name }) => name === WORKLOAD_CERTIFICATE)) {
    return { tls: "ISTIO_MUTUAL", ...sni };
  }
  const hasCertificate = secrets.length > 0 || context.tlsCertificates.length > 0;
  return { tls: hasCertificate ? "MUTUAL" : "SIMPLE", ...sni };
}

function ruleNamed(config: string | undefined): SidecarCluster["rule"] {
  const parts = /\/namespaces\/([^/]+)\/destination-rule\/([^/]+)$/.exec(config ?? "");
  const [, namespace, name] = parts ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  return { kind: "DestinationRule", namespace, name };
}

function endpointsOf(assignment: LoadAssignment): SidecarEndpoint[] {
  return assignment.endpoints
    .flatMap(({ lbEndpoints }) => lbEndpoints)
    .flatMap(({ endpoint, metadata }) => {
      const socket = endpoint.address.socketAddress;
      const match = metadata?.filterMetadata?.["envoy.transport_socket_match"];
      if (!socket) return [];
      const address = `${socket.address}:${socket.portValue}`;
      return [{ address, istioMutual: match?.["tlsMode"] === "istio" }];
    });
}

/**
 * The resources of a dump. With `types`, istiod lists them as they are; else they lie in Envoy's
 * envelopes (`ClustersConfigDump` and so on), several to an envelope.
 */
function resourcesOf(dump: unknown): object[] {
  const { configs } = z.object({ configs: z.array(z.looseObject({})).default([]) }).parse(dump);
  return configs.flatMap((config) => {
    if (!String(config["@type"]).endsWith("ConfigDump")) return [config];
    return Object.values(config)
      .filter(Array.isArray)
      .flat()
      .flatMap((entry: unknown) => Object.values(entry as object) as unknown[])
      .filter((value): value is object => typeof value === "object" && value !== null);
  });
}

function hasType(resource: object, name: string): boolean {
  return String((resource as { "@type"?: unknown })["@type"]).endsWith(`.${name}`);
}

/** Envoy spells its fields in snake case, istiod in camel case: the data is the same. */
function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [camelCasedKey(key), camelCased(field)]),
  );
}

/** A dotted key (`envoy.transport_socket_match`) is a name, not a field. */
function camelCasedKey(key: string): string {
  if (key.includes(".")) return key;
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
