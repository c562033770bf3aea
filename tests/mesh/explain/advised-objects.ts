/** What advised YAML makes of a mesh, and what it must not. */
import { parseAllDocuments } from "yaml";
import {
  clustersOf,
  defaultClients,
  explain,
  judge,
  readMesh,
  type Client,
  type Cluster,
  type KubeObject,
  type Mesh,
  type MeshFacts,
  type Verdict,
} from "../../../mesh/index.js";
import { takesMutualTls } from "../../../mesh/registry/workload.js";
import { importedService } from "../../../mesh/scope/imported-service.js";
import { aliasOf } from "../../../mesh/verdicts/alias.js";

type Fields = Record<string, unknown>;

export function identity({ kind, metadata }: KubeObject): string {
  const { namespace, name } = metadata as Fields;
  return `${kind}/${String(namespace)}/${String(name)}`;
}

export function documentsOf(yaml: string): KubeObject[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as KubeObject);
}

/** The objects after what is advised is applied: what is new is the youngest. */
export function applied(objects: readonly KubeObject[], yaml: string): KubeObject[] {
  const result = new Map(objects.map((object) => [identity(object), object]));
  for (const advised of documentsOf(yaml)) {
    const { creationTimestamp = "2027-01-01T00:00:00Z" } = (result.get(identity(advised))
      ?.metadata ?? {}) as Fields;
    const metadata = { ...(advised.metadata as Fields), creationTimestamp };
    result.set(identity(advised), { ...advised, metadata } as KubeObject);
  }
  return [...result.values()];
}

/** Encryption that was right before a change and that some client has no more. */
export function lostIn(
  before: readonly KubeObject[],
  after: readonly KubeObject[],
  clients: readonly Client[],
  facts: Partial<MeshFacts>,
): string[] {
  const [was, is] = [readMesh(before, facts), readMesh(after, facts)];
  const asked = [...clients, ...defaultClients(was)].map((client) => ({
    ...client,
    labels: client.labels ?? {},
  }));
  return asked.flatMap((client) => {
    const now = new Map(clustersOf(is, client).map((cluster) => [placeOf(cluster), cluster.tls]));
    return clustersOf(was, client)
      .filter((cluster) => isRight(was, client, cluster))
      .filter(({ tls, ...place }) => !keeps(tls, now.get(placeOf(place))))
      .map(({ tls, ...place }) => `${client.namespace} ${placeOf(place)}: ${tls} is lost`);
  });
}

/** TLS that the proxy starts, or Istio's own towards what has sidecars. */
function isRight(mesh: Mesh, client: Client, { tls, host }: Cluster): boolean {
  if (tls === "SIMPLE" || tls === "MUTUAL") return true;
  const service = importedService(mesh, mesh.sidecarScopeOf(client), host);
  if (tls === "PLAIN" || !service) return false;
  const hasSidecar = mesh.endpointsOf(service).some(takesMutualTls);
  return hasSidecar || aliasOf(mesh, service) === undefined;
}

function keeps(before: Cluster["tls"], after: Cluster["tls"] | undefined): boolean {
  if (before === "SIMPLE" || before === "MUTUAL") return after === before;
  return after === "AUTO" || after === "ISTIO_MUTUAL";
}

function placeOf({ host, port, subset }: Pick<Cluster, "host" | "port" | "subset">): string {
  return `${host}:${port}${subset}`;
}

/** What is advised against each violation and doesn't put it right by itself, or harms somebody. */
export function unhelpedBy(
  objects: readonly KubeObject[],
  clients: readonly Client[],
  facts: Partial<MeshFacts>,
): string[] {
  const mesh = readMesh(objects, facts);
  const violations = judge(mesh, clients).filter(
    ({ verdict, revision }) => verdict === "violation" && revision === undefined,
  );
  return violations.flatMap((violation) => {
    const { yaml, summary } = explain(violation, mesh);
    if (yaml === undefined) return [];
    const after = applied(objects, yaml);
    const isLeft = judge(readMesh(after, facts), clients).some(
      (one) =>
        // What another revision would do comes to light when the mesh's own does nothing wrong any more.
        one.verdict === "violation" && one.revision === undefined && isSame(one, violation),
    );
    return [...(isLeft ? [summary] : []), ...lostIn(objects, after, clients, facts)];
  });
}

function isSame(a: Verdict, b: Verdict): boolean {
  const keyOf = ({ alias, clientIndex, ...place }: Verdict) =>
    [alias.kind, alias.namespace, alias.name, clientIndex, placeOf(place)].join("|");
  return keyOf(a) === keyOf(b);
}
