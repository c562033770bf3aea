import { type Cluster, clustersOf } from "../clusters/clusters.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";

/** A cluster that istiod sends to a client under one version and not, or otherwise, under the other. */
export interface ClusterChange {
  client: Client;
  host: string;
  port: number;
  subset: string;
  /** Absent: none is sent. */
  before?: Pick<Cluster, "tls" | "rule">;
  after?: Pick<Cluster, "tls" | "rule">;
}

/** All of them, by client, host, port and subset: hosts that are no aliases count, too. */
export function clusterChanges(
  before: Mesh,
  after: Mesh,
  clients: readonly Client[],
): ClusterChange[] {
  return clients.flatMap((client) => {
    const [was, is] = [before, after].map((mesh) => byPlace(clustersOf(mesh, client)));
    const places = [...new Set([...was!.keys(), ...is!.keys()])].sort();
    return places.flatMap((place) => {
      const [old, now] = [was!.get(place), is!.get(place)];
      if (isSame(old, now)) return [];
      const { host, port, subset } = (now ?? old)!;
      return [
        {
          client,
          host,
          port,
          subset,
          ...(old && { before: kept(old) }),
          ...(now && { after: kept(now) }),
        },
      ];
    });
  });
}

function byPlace(clusters: readonly Cluster[]): Map<string, Cluster> {
  return new Map(
    clusters.map((cluster) => [
      JSON.stringify([cluster.host, cluster.port, cluster.subset]),
      cluster,
    ]),
  );
}

function isSame(a: Cluster | undefined, b: Cluster | undefined): boolean {
  return (
    a?.tls === b?.tls &&
    a?.rule?.namespace === b?.rule?.namespace &&
    a?.rule?.name === b?.rule?.name
  );
}

function kept({ tls, rule }: Cluster): Pick<Cluster, "tls" | "rule"> {
  return rule ? { tls, rule } : { tls };
}
