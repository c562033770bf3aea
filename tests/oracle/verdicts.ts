/** What the model concludes about aliases, held against the clusters that istiod sends. */
import {
  externalAliases,
  judge,
  readMesh,
  type Client,
  type Mesh,
  type Verdict,
} from "../../mesh/index.js";
import { isVisible } from "../../mesh/registry/registry.js";
import { importedService } from "../../mesh/scope/imported-service.js";
import { aliasOf, isCertain } from "../../mesh/verdicts/alias.js";
import { differencesBetween, placeOf, type Difference } from "./difference.js";
import { withHidden } from "./hidden.js";
import type { Outbound, Question } from "./question.js";

const LIVE = "live violation";

/**
 * Live violations and unconditional mutual TLS towards aliases are the same thing; where values are hidden,
 * no verdict may be sure of what istiod denies.
 * @param sent istiod's clusters, by client
 */
export function compareVerdicts(
  mesh: Mesh,
  question: Question,
  sent: readonly Outbound[][],
): { differences: Difference[]; violations: number } {
  const { objects, clients, hidden } = question;
  const verdicts = judge(mesh, clients);
  const unsure = hidden && judge(readMesh(withHidden(objects, hidden), question.mesh), clients);
  return {
    differences: [
      ...liveDifferences(mesh, question, verdicts, sent),
      ...wrongTls(verdicts, sent),
      ...(unsure ? [...wrongTls(unsure, sent), ...missed(verdicts, unsure, sent)] : []),
    ],
    violations: verdicts.filter(({ kind }) => kind === "live").length,
  };
}

function liveDifferences(
  mesh: Mesh,
  question: Question,
  verdicts: readonly Verdict[],
  sent: readonly Outbound[][],
): Difference[] {
  const hosts = new Set(
    externalAliases(mesh).flatMap(({ host, terminal }) => (terminal ? [host, terminal] : [host])),
  );
  return question.clients.flatMap((asked, client) => {
    const aliasHosts = new Set([...hosts].filter((host) => leadsOutside(mesh, asked, host)));
    const istiod = (sent[client] ?? [])
      .filter(({ host, tls }) => tls === "ISTIO_MUTUAL" && aliasHosts.has(host))
      .map((cluster): [string, string] => [placeOf(cluster), LIVE]);
    const model = verdicts
      .filter(({ kind, clientIndex }) => kind === "live" && clientIndex === client)
      .map((verdict): [string, string] => [placeOf(verdict), LIVE]);
    return differencesBetween(client, new Map(istiod), new Map(model));
  });
}

/**
 * Of several services of a host a client is given one, whatever stands behind the others; what it may
 * be leading to is certain by those of its namespace, which share their endpoints.
 */
function leadsOutside(mesh: Mesh, client: Client, host: string): boolean {
  const given = importedService(mesh, mesh.sidecarScopeOf(client), host);
  if (!given || !aliasOf(mesh, given)) return false;
  return mesh.registry
    .of(host)
    .filter(({ ref }) => ref.namespace === given.ref.namespace)
    .filter((service) => service.fromKubernetes || isVisible(service, client.namespace))
    .some((service) => {
      const alias = aliasOf(mesh, service);
      return alias !== undefined && isCertain(alias);
    });
}

/** Verdicts that are sure of a TLS that istiod doesn't use, or of a violation where it sends nothing. */
function wrongTls(verdicts: readonly Verdict[], sent: readonly Outbound[][]): Difference[] {
  return verdicts.flatMap((verdict) => {
    const cluster = clusterAt(verdict, sent);
    if (verdict.tls === undefined || verdict.tls === cluster?.tls) return [];
    // Port 0 stands for ports that aren't known.
    if (!cluster && (verdict.kind !== "live" || verdict.port === 0)) return [];
    const model = `a verdict that is sure of ${verdict.tls}`;
    return [{ client: verdict.clientIndex, place: placeOf(verdict), istiod: cluster?.tls, model }];
  });
}

/** Mutual TLS that isn't well, of which the model says that it is when values are hidden from it. */
function missed(
  verdicts: readonly Verdict[],
  unsure: readonly Verdict[],
  sent: readonly Outbound[][],
): Difference[] {
  const wrong = verdicts.filter(
    (one) => one.verdict !== "ok" && clusterAt(one, sent)?.tls === "ISTIO_MUTUAL",
  );
  return wrong.flatMap((one) => {
    const client = one.clientIndex;
    const place = placeOf(one);
    const mine = unsure.filter(({ clientIndex }) => clientIndex === client);
    const there = mine.filter((verdict) => placeOf(verdict) === place);
    // A place may not be known any more; then something has to be said about the client at least.
    const isSaid = (there.length > 0 ? there : mine).some(({ verdict }) => verdict !== "ok");
    const model = "verdicts that all is well, with values hidden";
    return isSaid ? [] : [{ client, place, istiod: "ISTIO_MUTUAL", model }];
  });
}

function clusterAt(verdict: Verdict, sent: readonly Outbound[][]): Outbound | undefined {
  const place = placeOf(verdict);
  return sent[verdict.clientIndex]?.find((cluster) => placeOf(cluster) === place);
}
