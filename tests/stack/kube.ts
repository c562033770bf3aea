import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import path from "node:path";
import { text } from "node:stream/consumers";
import {
  KubeConfig,
  KubernetesObjectApi,
  type V1EndpointSlice,
  Watch,
} from "@kubernetes/client-node";
import type { Plane } from "../../local/plane.js";

/** Reads, writes and deletes single objects of any kind. */
export function objectsIn(kubeconfig: string): KubernetesObjectApi {
  return KubernetesObjectApi.makeApiClient(load(kubeconfig));
}

/** What the API server says to `kubectl apply --dry-run=server --validate=strict` of a new object. */
export async function dryRun(
  kubeconfig: string,
  object: { apiVersion?: string; kind?: string },
): Promise<{ isAccepted: boolean; said: string }> {
  const config = load(kubeconfig);
  const options = { method: "POST", headers: { "content-type": "application/json" } };
  await config.applyToHTTPSOptions(options);
  const { apiVersion = "v1", kind = "" } = object;
  const group = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const plural = `${kind.toLowerCase()}${kind.endsWith("s") ? "" : "s"}`;
  const query = "dryRun=All&fieldValidation=Strict";
  const url = `${config.getCurrentCluster()?.server}/${group}/namespaces/default/${plural}?${query}`;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(url), options, (response) => {
      text(response)
        .then((said) => {
          resolve({ isAccepted: response.statusCode === 201, said });
        })
        .catch(reject);
    });
    sent.once("error", reject).end(JSON.stringify(object));
  });
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

/** A running watch on the EndpointSlices of one Service. */
export interface WatchedSlices {
  /** The addresses in all its slices together, sorted: one entry for each event so far. */
  states: string[][];
  /** How many slices there are now. */
  slices: () => number;
  stop: () => void;
}

/** Follows every change of a Service's EndpointSlices: what was true only for a moment shows too. */
export async function watchSlices(
  kubeconfig: string,
  namespace: string,
  service: string,
): Promise<WatchedSlices> {
  const current = new Map<string, string[]>();
  const states: string[][] = [];
  const onEvent = (phase: string, { metadata, endpoints = [] }: V1EndpointSlice) => {
    if (phase === "DELETED") current.delete(metadata!.name!);
    else
      current.set(
        metadata!.name!,
        endpoints.flatMap(({ addresses }) => addresses),
      );
    states.push([...new Set([...current.values()].flat())].sort());
  };
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const labelSelector = `kubernetes.io/service-name=${service}`;
  const watch = new Watch(load(kubeconfig));
  const stop = await watch.watch(path, { labelSelector }, onEvent, () => {});
  return { states, slices: () => current.size, stop: () => stop.abort() };
}

function load(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config;
}

/** A kubeconfig file whose API server doesn't answer. */
export function nowhere({ folder, plane }: { folder: string; plane: Plane }): string {
  const file = path.join(folder, "nowhere.kubeconfig");
  const kubeconfig = readFileSync(plane.kubeconfig, "utf8");
  writeFileSync(file, kubeconfig.replace(plane.apiServer, "https://127.0.0.1:9"), { mode: 0o600 });
  return file;
}
