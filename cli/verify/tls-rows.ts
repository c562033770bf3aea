import type { CatalogueAlias, CatalogueClient } from "../../catalogue/catalogue.js";
import { transportOf } from "../../catalogue/ports.js";
import type { SidecarCluster } from "../../local/cluster-tls.js";
import { type EffectiveTls, type MeshFacts, refText } from "../../mesh/index.js";
import { aliasHost, carryingTarget, clientKey, modeOn } from "./declared.js";
import { canBeConnected, type Pod, type Reality } from "./reality.js";
import { row, type Row } from "./row.js";

/** What a sidecar does with a TLS mode of the catalogue. */
const EFFECTIVE = {
  AUTO: "AUTO",
  DISABLE: "PLAIN",
  SIMPLE: "SIMPLE",
  MUTUAL: "MUTUAL",
} as const satisfies Record<string, EffectiveTls>;

/**
 * For each port of an alias the TLS that istiod sends to a client's sidecar, and which rule decided;
 * none where the alias's rule isn't meant for the client.
 */
export function tlsRows(
  client: CatalogueClient,
  alias: CatalogueAlias,
  mesh: MeshFacts,
  { clusters, pods }: Reality,
): Row[] {
  const own = pods.get(clientKey(client)) ?? [];
  if (!isMeantFor(client, alias, own[0])) return [];
  // A Service inside has rules of its own, of which the catalogue knows nothing.
  if (alias.externalName !== undefined && alias.location === "inside") return [];
  const sent = clusters.get(clientKey(client));
  const target = carryingTarget(alias, mesh);
  return alias.ports
    .filter((port) => transportOf(port) === "TCP")
    .map((port) => {
      const found = sent && sentCluster(sent, alias, port.port, mesh);
      const mode = modeOn(port, alias);
      const expected = clusterText({
        tls: EFFECTIVE[mode],
        sni: mode !== "DISABLE" && "sni" in alias.tls ? alias.tls.sni : undefined,
        rule: `${alias.namespace}/${target ?? alias.name}`,
        endpoints: outsideAddresses(alias)?.length,
      });
      const subject = `${clientKey(client)} → ${alias.namespace}/${alias.name}:${port.port}`;
      return row(subject, expected, sent ? sentText(found, alias) : notAsked(client, own));
    });
}

/** Why nothing is known of what istiod sends to a client. */
function notAsked(client: CatalogueClient, pods: readonly Pod[]): string {
  if (!pods.some(canBeConnected)) return "not compared: no sidecar runs";
  const { name, namespace } = client;
  return (
    "no istiod knows its sidecar, it isn't connected; its log: " +
    `kubectl logs -n ${namespace} deploy/${name} -c istio-proxy`
  );
}

/**
 * The cluster that carries an alias's port, of those that istiod sends to a sidecar. A Sidecar may
 * import an external name's target without the alias: then the target's cluster is sent, and requests
 * by the alias's name aren't routed there.
 */
export function sentCluster(
  sent: readonly SidecarCluster[],
  alias: CatalogueAlias,
  port: number,
  mesh: MeshFacts,
): SidecarCluster | undefined {
  const called = aliasHost(alias, mesh);
  const host = carryingTarget(alias, mesh) ?? called;
  return sent.find(
    (cluster) =>
      cluster.host === host &&
      cluster.port === port &&
      cluster.subset === "" &&
      (cluster.routedHosts?.includes(called) ?? true),
  );
}

/** Undefined where nobody but Kubernetes and DNS knows how many there are. */
function outsideAddresses({ addresses, location }: CatalogueAlias): string[] | undefined {
  return location === "inside" ? undefined : addresses;
}

function sentText(found: SidecarCluster | undefined, alias: CatalogueAlias): string {
  if (found === undefined) return "no cluster";
  const { tls, sni, rule, endpoints } = found;
  return clusterText({
    tls,
    // Istio's own names for its own mutual TLS are of no interest.
    sni: tls === "SIMPLE" || tls === "MUTUAL" ? sni : undefined,
    rule: rule ? refText(rule) : "no rule",
    endpoints: outsideAddresses(alias) && endpoints.length,
  });
}

function clusterText(cluster: {
  tls: EffectiveTls;
  sni: string | undefined;
  rule: string;
  endpoints: number | undefined;
}): string {
  const { tls, sni, rule, endpoints } = cluster;
  return (
    tls +
    (sni === undefined ? "" : ` to ${sni}`) +
    ` by ${rule}` +
    (endpoints === undefined ? "" : `, ${endpoints} endpoints`)
  );
}

/** Whether a client follows an alias's rule: it is exported there, and selects the client's Pods. */
export function isMeantFor(
  client: CatalogueClient,
  alias: CatalogueAlias,
  pod: Pod | undefined,
): boolean {
  const { namespace, tls, exportTo = ["*"] } = alias;
  const isOwn = client.namespace === namespace;
  const selector = "workloadSelector" in tls ? tls.workloadSelector : undefined;
  if (selector) {
    const labels = pod?.metadata.labels ?? {};
    return isOwn && Object.entries(selector).every(([key, value]) => labels[key] === value);
  }
  return exportTo.some(
    (scope) => scope === "*" || scope === client.namespace || (scope === "." && isOwn),
  );
}
