import type { Network } from "../../local/lab/network.js";
import { type SidecarCluster, readClusters } from "../../local/cluster-tls.js";

/** Connections and requests that Envoy has sent to each address of each cluster. */
type Counters = Map<string, number>;

/** The running Envoy of a Pod, asked through its own administration port. */
export class Sidecar {
  constructor(
    readonly network: Network,
    readonly host: string,
  ) {}

  /** Its outbound clusters, as it has them now. */
  async clusters(): Promise<SidecarCluster[]> {
    return readClusters(JSON.parse(await this.#ask("config_dump?include_eds")));
  }

  /** One of its clusters, as Envoy itself has it. */
  async cluster(name: string): Promise<unknown> {
    const dump = await this.#dump("dynamic_active_clusters");
    return dump.find((entry) => (entry.cluster as { name: string }).name === name)?.cluster;
  }

  /** Where it listens, with the filters that read what comes (of the first chain: they are alike). */
  async listeners(): Promise<{ address: string; port: number; filters: string[] }[]> {
    const dump = await this.#dump("dynamic_listeners");
    return dump.map((entry) => {
      const { listener } = entry.active_state as { listener: EnvoyListener };
      const { address, port_value: port } = listener.address.socket_address;
      const filters = listener.filter_chains?.[0]?.filters ?? [];
      return { address, port, filters: filters.map(({ name }) => name) };
    });
  }

  async #dump(resource: string): Promise<Record<string, unknown>[]> {
    const dump = JSON.parse(await this.#ask(`config_dump?resource=${resource}`)) as {
      configs: Record<string, unknown>[];
    };
    return dump.configs;
  }

  /** Waits until a cluster of its is as it should be. */
  async until(
    host: string,
    port: number,
    isRight: (cluster: SidecarCluster | undefined) => boolean,
  ): Promise<void> {
    let found: SidecarCluster | undefined;
    const what = `outbound|${port}||${host} in ${this.host}`;
    await this.network
      .until(what, async () => {
        const clusters = await this.clusters();
        found = clusters.find((cluster) => cluster.host === host && cluster.port === port);
        return isRight(found) || undefined;
      })
      .catch((error: unknown) => {
        throw new Error(`${(error as Error).message}\nIt is ${JSON.stringify(found)}`);
      });
  }

  /**
   * The clusters, with the address, that carried traffic while `work` was done:
   * `outbound|443||my-wikipedia.default.svc.cluster.local 198.51.100.10:443`.
   */
  async carriers<T>(work: () => Promise<T>): Promise<{ result: T; carriers: string[] }> {
    const before = await this.#counters();
    const result = await work();
    const after = await this.#counters();
    const carriers = [...after].filter(([key, count]) => count > (before.get(key) ?? 0));
    return { result, carriers: carriers.map(([key]) => key).sort() };
  }

  async #counters(): Promise<Counters> {
    const { cluster_statuses: clusters } = JSON.parse(
      await this.#ask("clusters?format=json"),
    ) as ClusterStatuses;
    return new Map(
      clusters
        .filter(({ name }) => /^outbound\||PassthroughCluster$|BlackHoleCluster$/.test(name))
        .flatMap(({ name, host_statuses: hosts = [] }) =>
          hosts.map(({ address, stats }): [string, number] => {
            const { address: ip, port_value: port } = address.socket_address;
            const sent = stats.filter((stat) => ["cx_total", "rq_total"].includes(stat.name));
            return [
              `${name} ${ip}:${port}`,
              sent.reduce((sum, { value = "0" }) => sum + +value, 0),
            ];
          }),
        ),
    );
  }

  async #ask(path: string): Promise<string> {
    const url = `http://127.0.0.1:15000/${path}`;
    const { exitCode, stdout, stderr } = await this.network.run(this.host, ["curl", "-sS", url]);
    if (exitCode !== 0) throw new Error(`Envoy of ${this.host} doesn't answer: ${stderr}`);
    return stdout;
  }
}

interface EnvoyListener {
  address: { socket_address: { address: string; port_value: number } };
  filter_chains?: { filters: { name: string }[] }[];
}

interface ClusterStatuses {
  cluster_statuses: {
    name: string;
    host_statuses?: {
      address: { socket_address: { address: string; port_value: number } };
      stats: { name: string; value?: string }[];
    }[];
  }[];
}
