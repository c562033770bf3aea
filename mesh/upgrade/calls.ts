import { isOutsideMesh } from "../verdicts/outside-mesh.js";
import { verifierOf, type ProxyTls, type Verifier } from "../verdicts/verifier.js";
import { type Cluster, clustersOf } from "../clusters/clusters.js";
import { type ObjectRef, objectText } from "../input/kube-object.js";
import { judge } from "../judge.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { importedService } from "../scope/imported-service.js";
import { findUncertainty } from "../unknown/partial-objects.js";
import { externalAliases } from "../verdicts/alias.js";
import { type Verdict, severityOf } from "../verdicts/verdict.js";

/** What one version of Istio makes of one client's calls to one port and subset of an alias. */
export interface AliasCall {
  /** Of several aliases of a host the one that is worst off. */
  alias: ObjectRef;
  /** What the alias stands for. */
  target: string;
  /** The name that is called. */
  host: string;
  client: Client;
  /** 0: any. */
  port: number;
  /** "" for the cluster without a subset. */
  subset: string;
  verdict: Verdict["verdict"];
  kind?: NonNullable<Verdict["kind"]>;
  /** Of the cluster that carries the call. */
  tls: ProxyTls;
  verifier: Verifier;
  /** The rule that the cluster follows, or whose `tls` is wrong though there is no cluster. */
  rule?: ObjectRef;
  /**
   * The host whose cluster carries the call: its own or, for an ExternalName, its target's. Absent: none
   * does, and it passes the proxy as the workload sends it.
   */
  carrier?: string;
  /** The object that the carrier's cluster is made of, where several have its host. */
  service?: ObjectRef;
  /** The addresses or names that such a cluster leads to, sorted; absent: wherever the call was going. */
  servers?: string[];
}

/** Calls by what they are: a call has the same key under every version of Istio. */
export type AliasCalls = ReadonlyMap<string, AliasCall>;

/** Every call of these clients to an external alias, as the mesh's version of Istio carries it. */
export function callsOf(mesh: Mesh, clients: readonly Client[]): AliasCalls {
  const inside = clients.filter((client) => !isOutsideMesh(mesh, client));
  const sent = inside.map((client) => byPlace(clustersOf(mesh, client)));
  const called = calledHosts(mesh);
  const groups = new Map<string, { host: string; verdicts: Verdict[] }>();
  for (const verdict of judge(mesh, inside)) {
    const host = called.get(`${objectText(verdict.alias)}|${verdict.host}`) ?? verdict.host;
    const key = keyOf(verdict, host);
    const group = groups.get(key);
    if (group) group.verdicts.push(verdict);
    else groups.set(key, { host, verdicts: [verdict] });
  }
  const isCertain = findUncertainty(mesh) === undefined;
  return new Map(
    [...groups].map(([key, { host, verdicts }]) => {
      const clusters = sent[verdicts[0]!.clientIndex]!;
      return [key, callOf({ mesh, isCertain, clusters }, host, verdicts)];
    }),
  );
}

/** The ExternalName by which calls to its target's host are made. */
function calledHosts(mesh: Mesh): Map<string, string> {
  return new Map(
    externalAliases(mesh).flatMap(({ ref, host, terminal }) =>
      terminal === undefined ? [] : [[`${objectText(ref)}|${terminal}`, host]],
    ),
  );
}

interface Sent {
  mesh: Mesh;
  /** Nothing is unknown, so what has no TLS has no cluster. */
  isCertain: boolean;
  clusters: ReadonlyMap<string, Cluster>;
}

function callOf({ mesh, isCertain, clusters }: Sent, host: string, verdicts: Verdict[]): AliasCall {
  const worst = verdicts.reduce((a, b) => (severityOf(b) < severityOf(a) ? b : a));
  const carried = verdicts.find(({ tls }) => tls !== undefined);
  const decided = carried ?? worst;
  const { alias, target, client, port, subset, verdict, kind } = worst;
  const cluster = clusters.get(placeOf(decided));
  // Whether an alias leads outside may be open, or a rule of another revision wrong of it: what is sent is known
  // all the same.
  const isSent = (verdict === "undecided" && isCertain) || worst.revision !== undefined;
  const isOpen = !isCertain && (verdict === "undecided" || (!carried && cluster !== undefined));
  const sent = carried ?? (isSent ? cluster : undefined);
  const tls = isOpen ? "unknown" : (sent?.tls ?? "no cluster");
  const rule = sent ? cluster?.rule : verdict === "ok" ? undefined : worst.rule;
  return {
    ...{ alias, target, host, client, port, subset, verdict },
    ...(kind && { kind }),
    tls,
    verifier: verifierOf(mesh, tls, decided),
    ...(rule && { rule }),
    ...(sent && { carrier: sent.host, ...chosenOf(mesh, client, sent.host, port) }),
  };
}

/** Of several services of a host, the one that a client is given. */
function chosenOf(
  mesh: Mesh,
  client: Client,
  host: string,
  port: number,
): Pick<AliasCall, "service" | "servers"> {
  if (mesh.registry.of(host).length < 2) return {};
  const given = importedService(mesh, mesh.sidecarScopeOf(client), host);
  const own = given?.ports.find(({ number }) => number === port);
  const service = own?.owner ?? given;
  if (!service || !own) return {};
  const isOpen = service.resolution === "original-destination";
  const addresses = mesh.endpointsOf(service, own).map(({ address }) => address);
  return {
    service: service.ref,
    ...(!isOpen && { servers: [...new Set(addresses)].sort() }),
  };
}

function byPlace(clusters: readonly Cluster[]): Map<string, Cluster> {
  return new Map(clusters.map((cluster) => [placeOf(cluster), cluster]));
}

function placeOf({ host, port, subset }: Pick<Cluster, "host" | "port" | "subset">): string {
  return `${host}|${port}|${subset}`;
}

function keyOf({ client, port, subset }: Verdict, host: string): string {
  return JSON.stringify([host, client, port, subset]);
}
