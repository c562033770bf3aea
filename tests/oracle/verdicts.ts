/** What the model concludes about aliases, held against the clusters that istiod sends. */
import {
  externalAliases,
  judge,
  readMesh,
  type Alias,
  type Mesh,
  type ObjectRef,
  type Verdict,
} from "../../mesh/index.js";
import { isVisible } from "../../mesh/registry/registry.js";
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
  const aliases = externalAliases(mesh);
  return question.clients.flatMap(({ namespace }, client) => {
    const aliasHosts = new Set(
      aliases
        .filter((alias) => mayCall(mesh, alias, namespace))
        .flatMap(({ host, terminal }) => (terminal ? [host, terminal] : [host])),
    );
    const istiod = (sent[client] ?? [])
      .filter(({ host, tls }) => tls === "ISTIO_MUTUAL" && aliasHosts.has(host))
      .map((cluster): [string, string] => [placeOf(cluster), LIVE]);
    const model = verdicts
      .filter(({ kind, clientIndex }) => kind === "live" && clientIndex === client)
      .map((verdict): [string, string] => [placeOf(verdict), LIVE]);
    return differencesBetween(client, new Map(istiod), new Map(model));
  });
}

/** A ServiceEntry takes a host over for those who see it; others get what else has the host. */
function mayCall(mesh: Mesh, { ref, host }: Alias, namespace: string): boolean {
  const read = mesh.registry
    .of(host)
    .filter((service) => !service.fromKubernetes && isSame(service.ref, ref));
  return read.length === 0 || read.some((service) => isVisible(service, namespace));
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
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
