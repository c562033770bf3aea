/** Rules that the model says do nothing, or are hidden, held against the rules that istiod names on its clusters. */
import {
  clustersOf,
  externalAliases,
  inertRules,
  type InertReason,
  type InertRule,
  type Mesh,
  type ObjectRef,
  readMesh,
  shadowedRules,
} from "../../mesh/index.js";
import { placeOf, type Difference } from "./difference.js";
import type { Outbound, Question } from "./question.js";

/**
 * No rule that istiod names on a cluster may be called inert (only its TLS may be, where that is for
 * ports that don't exist), none may be called hidden from a client whose cluster names it, and a rule
 * for an alias by its own name that all clusters of the alias pass over for another must be called
 * inert.
 *
 * @param sent istiod's clusters, by client
 */
export function compareRulesWithoutEffect(
  mesh: Mesh,
  question: Question,
  sent: readonly Outbound[][],
): Difference[] {
  // A client is asked about as one workload, and one without labels isn't all workloads there.
  const clients = question.clients.map((client) => ({ ...client, labels: client.labels ?? {} }));
  const inert = inertRules(mesh, clients);
  const called = new Set(inert.map(({ rule }) => nameOf(rule)));
  // A cluster that names a rule may have its TLS from another that was merged into it.
  const isComparable = ({ rule, reason }: InertRule) =>
    reason !== "no-certificate" || !isMerged(mesh, rule);
  return [
    ...inert.filter(isComparable).flatMap(({ rule, reason }) =>
      namedBy(rule, sent)
        .filter((named) => !ONLY_TLS.includes(reason) || isEncryptedBy(rule, question, named))
        .map(([client, cluster]) => ({
          client,
          place: placeOf(cluster),
          istiod: `${cluster.tls} by ${nameOf(rule)}`,
          model: `${nameOf(rule)} is inert: ${reason}`,
        })),
    ),
    ...shadowedRules(mesh, clients).flatMap(({ rule, host, client }) => {
      const index = clients.indexOf(client as (typeof clients)[number]);
      return namedBy(rule, sent)
        .filter(([other, cluster]) => other === index && cluster.host === host)
        .map(([, cluster]) => ({
          client: index,
          place: placeOf(cluster),
          istiod: `${cluster.tls} by ${nameOf(rule)}`,
          model: `${nameOf(rule)} is hidden`,
        }));
    }),
    ...passedOver(mesh, sent)
      .filter(({ rule }) => !called.has(nameOf(rule)))
      .map(({ rule, host, by }) => ({
        client: 0,
        place: host,
        istiod: `always by ${by}, never by ${nameOf(rule)}`,
        model: `${nameOf(rule)} isn't inert`,
      })),
  ];
}

function isMerged({ rules }: Mesh, { namespace, name }: ObjectRef): boolean {
  const ofNamespace = rules.filter(({ ref }) => ref.namespace === namespace);
  const own = ofNamespace.find(({ ref }) => ref.name === name);
  return ofNamespace.some((rule) => rule !== own && rule.host === own?.host);
}

/** Then a rule is followed, and what it says of TLS comes to nothing. */
const ONLY_TLS: readonly InertReason[] = ["no-such-port", "no-certificate"];

type Sent = [client: number, cluster: Outbound];

function namedBy(rule: ObjectRef, sent: readonly Outbound[][]): Sent[] {
  return sent.flatMap((clusters, client) =>
    clusters
      .filter((cluster) => cluster.rule === nameOf(rule))
      .map((cluster): Sent => [client, cluster]),
  );
}

/** Whether a cluster that names a rule has its TLS from it: automatic TLS may be unconditional, too. */
function isEncryptedBy(rule: ObjectRef, question: Question, [client, cluster]: Sent): boolean {
  if (cluster.tls === "PLAIN" || cluster.tls === "AUTO") return false;
  const others = question.objects.filter(
    ({ kind, metadata }) =>
      kind !== "DestinationRule" || nameOf(metadata as unknown as ObjectRef) !== nameOf(rule),
  );
  const without = clustersOf(readMesh(others, question.mesh), question.clients[client]!);
  return !without.some((one) => placeOf(one) === placeOf(cluster) && one.tls === cluster.tls);
}

/**
 * Rules for an alias by its own name that no cluster names, though every cluster of the alias names
 * some other one. istiod names only the first of those that it merges, so a rule that shares its host
 * and namespace with another can't be told; nor can one for a host of several services, of which a
 * client may be given one that has no cluster.
 */
function passedOver(
  mesh: Mesh,
  sent: readonly Outbound[][],
): { rule: ObjectRef; host: string; by: string }[] {
  const named = new Set(sent.flat().map(({ rule }) => rule));
  const hosts = new Set(externalAliases(mesh).map(({ host }) => host));
  return mesh.rules.flatMap(({ ref, host }) => {
    const same = mesh.rules.filter(
      (other) => other.host === host && other.ref.namespace === ref.namespace,
    );
    if (!hosts.has(host) || same.length > 1 || named.has(nameOf(ref))) return [];
    if (mesh.registry.of(host).length > 1) return [];
    const clusters = sent.flat().filter((cluster) => cluster.host === host);
    const by = new Set(clusters.map(({ rule }) => rule));
    const [first] = by;
    return first === undefined || by.has(undefined) ? [] : [{ rule: ref, host, by: first }];
  });
}

function nameOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}
