/** What applying an alias's objects would change for those who call, as the model judges it before and after. */
import {
  ANY_OTHER,
  type Client,
  type Cluster,
  clustersOf,
  defaultClients,
  isPlain,
  type KubeObject,
  type Mesh,
  type MeshFacts,
  type Plain,
  readMesh,
} from "../../mesh/index.js";
import { clientText } from "../judgement.js";
import type { ObjectsThere } from "./there.js";

/** One cluster that a client gets otherwise than before. */
export interface Change {
  host: string;
  /** In words: `clients in shop get SIMPLE on port 80, and PLAIN after it`. */
  text: string;
  before: Cluster["tls"] | undefined;
  after: Cluster["tls"] | undefined;
}

/** Objects that are applied are younger than all that are there. */
const LATER = "9999-12-31T23:59:59Z";

/** The mesh as it will be when objects have been applied by server-side apply. */
export function meshAfter(
  there: ObjectsThere,
  made: readonly KubeObject[],
  facts: Partial<MeshFacts>,
): Mesh {
  const applied = new Map<Plain, Plain>();
  const added: Plain[] = [];
  for (const object of made) {
    const same = there.same(object);
    if (same) applied.set(same, merged(same, { ...object, apiVersion: same["apiVersion"] }));
    else added.push(merged(object, { metadata: { creationTimestamp: LATER } }));
  }
  const objects = [...there.objects.map((object) => applied.get(object) ?? object), ...added];
  return readMesh(objects as KubeObject[], facts);
}

/** Maps are merged, lists replaced. The only lists that Kubernetes merges are equal already. */
function merged(object: Plain, over: Plain): Plain {
  const fields = Object.entries(over).map(([key, value]) => {
    const own = object[key];
    return [key, isPlain(value) && isPlain(own) ? merged(own, value) : value];
  });
  return { ...object, ...(Object.fromEntries(fields) as Plain) };
}

/** Each cluster of each client that isn't the same in two meshes. */
export function changesBetween(before: Mesh, after: Mesh): Change[] {
  const clients = new Map(
    [...defaultClients(before), ...defaultClients(after), ANY_OTHER].map((client) => [
      JSON.stringify(client),
      client,
    ]),
  );
  return [...clients.values()].flatMap((client) => changesFor(client, before, after));
}

function changesFor(client: Client, before: Mesh, after: Mesh): Change[] {
  const [was, is] = [before, after].map(
    (mesh) => new Map(clustersOf(mesh, client).map((cluster) => [keyOf(cluster), cluster])),
  ) as [Map<string, Cluster>, Map<string, Cluster>];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) => {
    const [one, other] = [was.get(key), is.get(key)];
    if (one?.tls === other?.tls) return [];
    const { host, port } = (one ?? other)!;
    const text =
      `clients in ${clientText(client)} get ${one?.tls ?? "no cluster"} on port ${port}, and would get ` +
      (other?.tls ?? "none");
    return [{ host, text, before: one?.tls, after: other?.tls }];
  });
}

function keyOf({ host, port, subset }: Cluster): string {
  return `${host}|${port}|${subset}`;
}
