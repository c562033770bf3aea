import { request } from "node:https";
import { text } from "node:stream/consumers";
import { KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";

/** Reads, writes and deletes single objects of any kind. */
export function objectsIn(kubeconfig: string): KubernetesObjectApi {
  return KubernetesObjectApi.makeApiClient(load(kubeconfig));
}

/** What `kubectl get` prints for the objects at a path: the server renders it, column by column. */
export async function printed(
  kubeconfig: string,
  path: string,
): Promise<Record<string, unknown>[]> {
  const config = load(kubeconfig);
  const options = { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } };
  await config.applyToHTTPSOptions(options);
  const body = await new Promise<string>((resolve, reject) => {
    const url = new URL(`${config.getCurrentCluster()?.server}${path}`);
    request(url, options, (response) => resolve(text(response)))
      .once("error", reject)
      .end();
  });
  const { columnDefinitions, rows } = JSON.parse(body) as {
    columnDefinitions: { name: string }[];
    rows: { cells: unknown[] }[];
  };
  return rows.map(({ cells }) =>
    Object.fromEntries(columnDefinitions.map(({ name }, index) => [name, cells[index]])),
  );
}

function load(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config;
}
