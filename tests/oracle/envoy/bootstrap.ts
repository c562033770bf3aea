/** What istiod sends to a proxy as a configuration that an Envoy starts with, without an istiod to ask. */
import type { Resource, Resources } from "../question.js";

/** Files that stand for certificates that the agent would fetch. */
export interface CertificateFiles {
  certificate: string;
  key: string;
}

/** Addresses of names outside, whichever they are: there is no DNS. */
const NAMED_ADDRESS = "203.0.113.50";

/**
 * The same listeners, routes and clusters with what is fetched put in its place: routes in their listeners,
 * endpoints in their clusters, a file instead of a certificate. Servers aren't verified.
 */
export function bootstrapOf(resources: Resources, files: CertificateFiles): Resource {
  const routes = new Map(resources.routes.map((one) => [one.name, one]));
  const endpoints = new Map(resources.endpoints.map((one) => [one.cluster_name, one]));
  const outbound = resources.listeners.filter((one) => one.traffic_direction !== "INBOUND");
  return {
    node: { id: "client", cluster: "client" },
    admin: { address: { socket_address: { address: "127.0.0.1", port_value: 15000 } } },
    static_resources: {
      listeners: outbound.map((one) => mapped(one, (field) => withRoutes(field, routes))),
      clusters: resources.clusters
        .filter((one) => !String(one.name).startsWith("inbound|"))
        .map((one) => mapped(withEndpoints(one, endpoints), (field) => withFiles(field, files))),
    },
  };
}

/** A copy in which every object, from the innermost on, is what `change` makes of it. */
function mapped<T>(value: T, change: (object: Resource) => Resource): T {
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    return items.map((item) => mapped(item, change)) as T;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Resource).map(([key, item]) => [
    key,
    mapped(item, change),
  ]);
  return change(Object.fromEntries(entries) as Resource) as T;
}

function withRoutes(object: Resource, routes: ReadonlyMap<unknown, Resource>): Resource {
  const { rds, ...rest } = object as { rds?: { route_config_name: string } } & Resource;
  if (rds === undefined) return object;
  // Routes that are fetched may name a cluster that isn't there.
  return {
    ...rest,
    route_config: { ...routes.get(rds.route_config_name), validate_clusters: false },
  };
}

function withEndpoints(cluster: Resource, endpoints: ReadonlyMap<unknown, Resource>): Resource {
  const isFetched = "eds_cluster_config" in cluster;
  const own = without(cluster, ["alt_stat_name", "eds_cluster_config", "cluster_type"]);
  if (cluster.type === "ORIGINAL_DST") return own;
  const found = isFetched ? endpoints.get(cluster.name) : cluster.load_assignment;
  const assignment = (found ?? { cluster_name: cluster.name }) as Resource;
  return { ...own, type: "STATIC", load_assignment: mapped(assignment, withAddress) };
}

function without(object: Resource, fields: readonly string[]): Resource {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
}

function withAddress(object: Resource): Resource {
  const isName = typeof object.address === "string" && !/^[\d.]+$|:/.test(object.address);
  return isName && "port_value" in object ? { ...object, address: NAMED_ADDRESS } : object;
}

function withFiles(object: Resource, { certificate, key }: CertificateFiles): Resource {
  if (!("common_tls_context" in object)) return object;
  const context = object.common_tls_context as Resource;
  const hasCertificate =
    "tls_certificate_sds_secret_configs" in context || "tls_certificates" in context;
  const own = { certificate_chain: { filename: certificate }, private_key: { filename: key } };
  return {
    ...object,
    common_tls_context: {
      ...(context.alpn_protocols !== undefined && { alpn_protocols: context.alpn_protocols }),
      ...(hasCertificate && { tls_certificates: [own] }),
    },
  };
}
