import type { Plain } from "./input/plain.js";
import { isCoveredBy } from "./input/hosts.js";
import type { KubeObject } from "./input/kube-object.js";
import { UNKNOWN_ADDRESS } from "./input/unknowns.js";
import { readMesh, type Mesh } from "./mesh.js";
import type { Client } from "./scope/client.js";
import type { Outcome } from "./clusters/clusters.js";
import { isPublic, isVisible } from "./registry/registry.js";
import { aliasCandidates, type AliasCandidate } from "./unknown/alias-candidates.js";
import { findUncertainty, type Uncertainty } from "./unknown/partial-objects.js";
import { assessWorlds, type ReadWorld } from "./unknown/possible-worlds.js";
import { RelevanceIndex, type RelevantObjects } from "./unknown/relevant-objects.js";
import { addOtherRevisions } from "./unknown/revisions.js";
import { assess, verdictOf, type Assessment } from "./verdicts/assessment.js";
import { defaultClients } from "./verdicts/default-clients.js";
import { apiServerHost, isOfGatewayApi } from "./verdicts/location.js";
import { outcomesByHost, scopedClient, type ScopedClient } from "./verdicts/outcomes.js";
import type { Verdict } from "./verdicts/verdict.js";

/**
 * What each client's proxy will do towards each external alias.
 *
 * @param clients the callers to judge for; @default {@link defaultClients}
 * @returns verdicts by alias, host, client, port and subset, the same for any order of objects
 */
export function judge(mesh: Mesh, clients: readonly Client[] = defaultClients(mesh)): Verdict[] {
  const verdicts = judgeRevision(mesh, clients);
  if (mesh.facts.revision === "") return verdicts;
  const judgeUnder = (revision: string) => {
    const other = readMesh(mesh.objects as readonly KubeObject[], { ...mesh.facts, revision });
    return judgeRevision(other, clients).filter(({ verdict }) => verdict !== "ok");
  };
  addOtherRevisions(mesh, verdicts, judgeUnder);
  return verdicts;
}

/**
 * What is wrong towards the API server, which every cluster has as Service `default/kubernetes` without
 * a selector and which no repository holds: the verdicts that aren't ok. Nothing where the Service is
 * among the objects, for then {@link judge} says it.
 */
export function judgeApiServer(
  mesh: Mesh,
  clients: readonly Client[] = defaultClients(mesh),
): Verdict[] {
  const host = apiServerHost(mesh);
  const isCovered = mesh.rules.some((rule) => isCoveredBy(host, rule.host));
  if (!isCovered || mesh.registry.of(host).length > 0) return [];
  const objects = [...(mesh.objects as readonly KubeObject[]), ...API_SERVER];
  const known = readMesh(objects, mesh.facts);
  // A gateway's own calls to it don't go through its proxy.
  return judgeRevision(known, clients, (candidate) => candidate.alias?.host === host)
    .filter(({ verdict, client }) => verdict !== "ok" && !client.gateway)
    .map((verdict) => ({ ...verdict, target: "the API server" }));
}

const API_SERVER: readonly KubeObject[] = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "default", name: "kubernetes" },
    spec: { ports: [{ name: "https", port: 443 }] },
  },
  {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { namespace: "default", name: "kubernetes" },
    subsets: [{ addresses: [{ ip: UNKNOWN_ADDRESS }], ports: [{ name: "https", port: 443 }] }],
  },
];

/** A client with what it imports, and its place in the list of clients. */
interface ListedClient extends ScopedClient {
  clientIndex: number;
}

/**
 * Judges under one revision of the control plane.
 *
 * @param isAsked which of the aliases to judge; @default all
 */
function judgeRevision(
  mesh: Mesh,
  clients: readonly Client[],
  isAsked: (candidate: AliasCandidate) => boolean = () => true,
): Verdict[] {
  const uncertainty = findUncertainty(mesh);
  const relevance = uncertainty && new RelevanceIndex(mesh, uncertainty);
  const gateways = mesh.objects.filter(isOfGatewayApi);
  const readWorld = (objects: readonly Plain[]) =>
    readMesh([...objects, ...gateways] as unknown as readonly KubeObject[], mesh.facts);
  const listed = clients.map((client, clientIndex): ListedClient => ({
    ...scopedClient(mesh, client),
    clientIndex,
  }));
  const verdicts: Verdict[] = [];
  for (const candidate of aliasCandidates(mesh, uncertainty).filter(isAsked)) {
    const relevant = relevance?.relevantTo(candidate);
    const certain = certainJudges(mesh, candidate);
    const possible = relevant ? [possibleJudge(relevant, certain, readWorld)] : certain;
    const isSeenBy = seenBy(mesh, candidate, uncertainty);
    for (const client of listed) {
      if (!isSeenBy(client.client)) continue;
      addVerdicts(verdicts, relevant?.affects(client.client) ? possible : certain, client);
    }
  }
  return verdicts;
}

/**
 * Which clients may call a candidate: those that its ServiceEntry is exported to. A Service's name
 * can be looked up by any, whoever may see it.
 */
function seenBy(
  mesh: Mesh,
  { object, alias }: AliasCandidate,
  uncertainty: Uncertainty | undefined,
): (client: Client) => boolean {
  const isKnown = object?.kind === "ServiceEntry" && !uncertainty?.partialObjects.has(object);
  const services = (isKnown && mesh.servicesByObject.get(object)) || [];
  const own = alias ? services.filter(({ host }) => host === alias.host) : services;
  if (own.length === 0 || own.some(isPublic)) return () => true;
  return ({ namespace }) => own.some((service) => isVisible(service, namespace));
}

function addVerdicts(verdicts: Verdict[], judges: readonly Judge[], client: ListedClient): void {
  for (const judgeOne of judges) {
    for (const shared of judgeOne(client)) verdicts.push(forClient(shared, client));
  }
}

/**
 * A client's own copy. There are many: written field by field they are one piece of memory each,
 * which a spread of fields that were added one by one isn't. Only what is undecided has more fields.
 */
function forClient(verdict: Verdict, { client, clientIndex }: ListedClient): Verdict {
  if (verdict.verdict === "undecided") return { ...verdict, client, clientIndex };
  const { alias, why, target, host, port, subset, kind, tls, rule, ruleHost, level } = verdict;
  return {
    alias,
    why,
    target,
    host,
    client,
    clientIndex,
    port,
    subset,
    verdict: verdict.verdict,
    kind,
    tls,
    rule,
    ruleHost,
    level,
  };
}

/** The verdicts for a client; whose they are is still to be filled in. */
type Judge = (client: ScopedClient) => readonly Verdict[];

/** Judges each host of a candidate where all is known. Clients with the same outcomes share verdicts. */
function certainJudges(mesh: Mesh, { ref, alias }: AliasCandidate): Judge[] {
  if (!alias) return [];
  return outcomesByHost(mesh, alias).map(({ host, isRegistered, outcomesFor }) => {
    let last: { outcomes: readonly Outcome[]; verdicts: Verdict[] } | undefined;
    return (client) => {
      const outcomes = outcomesFor(client);
      if (last?.outcomes === outcomes) return last.verdicts;
      const verdicts = outcomes
        .map((outcome) => assess(alias, host, outcome))
        // A target that nothing registers matters only if some rule is about it.
        .filter(({ verdict }) => verdict !== "ok" || host === alias.host || isRegistered)
        .map((assessment) => verdictOf(ref, client.client, assessment));
      last = { outcomes, verdicts };
      return verdicts;
    };
  });
}

/** Judges where something isn't known; clients that nothing distinguishes share their verdicts. */
function possibleJudge(
  relevant: RelevantObjects,
  certain: readonly Judge[],
  readWorld: ReadWorld,
): Judge {
  const { candidate, namespaces } = relevant;
  const known = new Map<string, readonly Verdict[]>();
  return (scoped) => {
    const { client } = scoped;
    const own = namespaces.has(client.namespace) ? client.namespace : "";
    const key = JSON.stringify([own, client.gateway === true, client.labels]);
    let verdicts = known.get(key);
    if (!verdicts) {
      const base = certain.flatMap((judgeOne) => judgeOne(scoped));
      const possible = assessWorlds(relevant, client, readWorld);
      verdicts = possible
        ? worthSaying(base, possible).map((one) => verdictOf(candidate.ref, client, one))
        : base.map(withoutTls);
      known.set(key, verdicts);
    }
    return verdicts;
  };
}

/** What exists however unknown values turn out, and what is wrong if it comes to exist. */
function worthSaying(base: readonly Verdict[], possible: readonly Assessment[]): Assessment[] {
  const existing = new Set(base.map(({ host, port, subset }) => `${host}|${port}|${subset}`));
  return possible.filter(
    ({ verdict, host, outcome }) =>
      verdict !== "ok" || existing.has(`${host}|${outcome.port}|${outcome.subset}`),
  );
}

/** Nothing can be wrong, but which TLS there will be isn't known. */
function withoutTls(known: Verdict): Verdict {
  const { alias, why, target, host, client, clientIndex, port, subset, verdict } = known;
  return { alias, why, target, host, client, clientIndex, port, subset, verdict };
}
