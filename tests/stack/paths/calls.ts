import { aliasHost, modeOn } from "../../../cli/verify/declared.js";
import { isMeantFor } from "../../../cli/verify/tls-rows.js";
import type { Catalogue, CatalogueAlias } from "../../../catalogue/catalogue.js";
import type { SidecarCluster } from "../../../local/cluster-tls.js";

/** A call whose TLS no edit between two catalogues changes: it must have it at every moment. */
export interface GuardedCall {
  /** Where the client runs. */
  namespace: string;
  host: string;
  port: number;
}

/**
 * The calls that a sidecar encrypts by both catalogues, but for those to a target that changes hands
 * in a way that one update can't take (docs/edits.md).
 */
export function guardedCalls(
  before: Catalogue,
  after: Catalogue,
  namespaces: readonly string[],
): GuardedCall[] {
  return before.aliases.flatMap((was) => {
    const is = after.aliases.find(
      ({ name, namespace }) => name === was.name && namespace === was.namespace,
    );
    if (!is || isInside(was) || isInside(is)) return [];
    return encryptedPorts(was)
      .filter((port) => encryptedPorts(is).includes(port))
      .filter((port) => !isContested([was, is], port, [...before.aliases, ...after.aliases]))
      .flatMap((port) =>
        namespaces
          .filter((namespace) => [was, is].every((alias) => isFor(namespace, alias)))
          .map((namespace) => ({ namespace, host: aliasHost(is, after.mesh), port })),
      );
  });
}

/** Whether another alias has the target, before or after, with something else in mind for the port. */
function isContested(
  [was, is]: readonly [CatalogueAlias, CatalogueAlias],
  port: number,
  all: readonly CatalogueAlias[],
): boolean {
  const targets = [was.externalName, is.externalName];
  return all.some((other) => {
    const isSelf = other.name === is.name && other.namespace === is.namespace;
    if (isSelf || other.externalName === undefined) return false;
    if (!targets.includes(other.externalName) || encryptedPorts(other).includes(port)) return false;
    // In one namespace the aliases whose sidecars don't encrypt come last.
    return other.namespace !== is.namespace || other.tls.mode !== "DISABLE";
  });
}

function isInside({ location }: CatalogueAlias): boolean {
  return location === "inside";
}

function encryptedPorts(alias: CatalogueAlias): number[] {
  return alias.ports
    .filter((port) => ["SIMPLE", "MUTUAL"].includes(modeOn(port, alias)))
    .map(({ port }) => port);
}

function isFor(namespace: string, alias: CatalogueAlias): boolean {
  return isMeantFor({ namespace } as Parameters<typeof isMeantFor>[0], alias, undefined);
}

/**
 * What a client would get for a call, from what istiod has sent to its sidecar.
 *
 * @returns undefined where it is encrypted as both catalogues say
 */
export function gapOf(
  { host, port }: GuardedCall,
  clusters: readonly SidecarCluster[],
): string | undefined {
  const routed = clusters.filter(
    (cluster) => cluster.port === port && cluster.routedHosts?.includes(host),
  );
  if (routed.length === 0) return "no cluster";
  const open = routed.find(({ tls }) => tls !== "SIMPLE" && tls !== "MUTUAL");
  return open && `${open.tls} to ${open.host}`;
}
