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
import { addOtherRevisions, hasOtherRevisions } from "./unknown/revisions.js";
import { assess, verdictOf, type Assessment } from "./verdicts/assessment.js";
import {
  classesApart,
  classesOf,
  groupsOf,
  namespacesApart,
  writtenOut,
  type Judge,
  type ListedClient,
  type SharedVerdicts,
} from "./verdicts/client-classes.js";
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
  const verdicts = writtenOut(judgeRevision(mesh, clients));
  if (mesh.facts.revision === "") return verdicts;
  const judgeUnder = (revision: string) => {
    const other = readMesh(mesh.objects as readonly KubeObject[], { ...mesh.facts, revision });
    return writtenOut(judgeRevision(other, clients)).filter(({ verdict }) => verdict !== "ok");
  };
  addOtherRevisions(mesh, verdicts, judgeUnder);
  return verdicts;
}

/**
 * The same as {@link judge}, by class of clients: what nothing distinguishes is said once, however many clients
 * there are.
 *
 * @returns for each alias the classes of those who may call it
 */
export function judgeClasses(
  mesh: Mesh,
  clients: readonly Client[] = defaultClients(mesh),
): SharedVerdicts[][] {
  if (!hasOtherRevisions(mesh)) return judgeRevision(mesh, clients);
  return judge(mesh, clients).map((verdict) => [{ verdicts: [verdict], clients: [verdict] }]);
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
  const isApiServer = (candidate: AliasCandidate) => candidate.alias?.host === host;
  return writtenOut(judgeRevision(known, clients, isApiServer))
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

/**
 * Judges under one revision of the control plane.
 *
 * @param isAsked which of the aliases to judge; @default all
 * @returns for each candidate the classes of its clients
 */
function judgeRevision(
  mesh: Mesh,
  clients: readonly Client[],
  isAsked: (candidate: AliasCandidate) => boolean = () => true,
): SharedVerdicts[][] {
  const uncertainty = findUncertainty(mesh);
  const relevance = uncertainty && new RelevanceIndex(mesh, uncertainty);
  const gateways = mesh.objects.filter(isOfGatewayApi);
  const readWorld = (objects: readonly Plain[]) =>
    readMesh([...objects, ...gateways] as unknown as readonly KubeObject[], mesh.facts);
  const listed = clients.map((client, clientIndex): ListedClient => ({
    ...scopedClient(mesh, client),
    clientIndex,
  }));
  const groups = groupsOf(listed);
  return aliasCandidates(mesh, uncertainty)
    .filter(isAsked)
    .map((candidate) => {
      const relevant = relevance?.relevantTo(candidate);
      const certain = certainJudges(mesh, candidate);
      const possible = relevant ? [possibleJudge(relevant, certain, readWorld)] : certain;
      const isSeenBy = seenBy(mesh, candidate, uncertainty);
      const apart = relevant || isSeenBy ? undefined : namespacesApart(certain);
      if (apart) return classesApart(groups, apart, certain);
      return classesOf(
        isSeenBy ? listed.filter(({ client }) => isSeenBy(client)) : listed,
        ({ client }) => (relevant?.affects(client) ? possible : certain),
      );
    });
}

/**
 * Which clients may call a candidate: those that its ServiceEntry is exported to. A Service's name
 * can be looked up by any, whoever may see it. Undefined: all may.
 */
function seenBy(
  mesh: Mesh,
  { object, alias }: AliasCandidate,
  uncertainty: Uncertainty | undefined,
): ((client: Client) => boolean) | undefined {
  const isKnown = object?.kind === "ServiceEntry" && !uncertainty?.partialObjects.has(object);
  const services = (isKnown && mesh.servicesByObject.get(object)) || [];
  const own = alias ? services.filter(({ host }) => host === alias.host) : services;
  if (own.length === 0 || own.some(isPublic)) return undefined;
  return ({ namespace }) => own.some((service) => isVisible(service, namespace));
}

/** Judges each host of a candidate where all is known. Clients with the same outcomes share verdicts. */
function certainJudges(mesh: Mesh, { ref, alias }: AliasCandidate): Judge[] {
  if (!alias) return [];
  return outcomesByHost(mesh, alias).map(({ host, isRegistered, outcomesFor, apart }) => {
    const known = new Map<readonly Outcome[], Verdict[]>();
    const verdictsFor = (client: ScopedClient) => {
      const outcomes = outcomesFor(client);
      const same = known.get(outcomes);
      if (same) return same;
      const verdicts = outcomes
        .map((outcome) => assess(alias, host, outcome))
        // A target that nothing registers matters only if some rule is about it.
        .filter(({ verdict }) => verdict !== "ok" || host === alias.host || isRegistered)
        .map((assessment) => verdictOf(ref, client.client, assessment));
      known.set(outcomes, verdicts);
      return verdicts;
    };
    return { verdictsFor, apart };
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
  const verdictsFor = (scoped: ScopedClient) => {
    const { client } = scoped;
    const own = namespaces.has(client.namespace) ? client.namespace : "";
    const key = JSON.stringify([own, client.gateway === true, client.labels]);
    let verdicts = known.get(key);
    if (!verdicts) {
      const base = certain.flatMap((one) => one.verdictsFor(scoped));
      const possible = assessWorlds(relevant, client, readWorld);
      verdicts = possible
        ? worthSaying(base, possible).map((one) => verdictOf(candidate.ref, client, one))
        : base.map(withoutTls);
      known.set(key, verdicts);
    }
    return verdicts;
  };
  return { verdictsFor };
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
