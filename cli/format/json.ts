import { type Judgement } from "../judgement.js";
import { callJson } from "./calls.js";
import { jsonPieces } from "./json-pieces.js";
import {
  type Client,
  type Cluster,
  explain,
  isRead,
  type Mesh,
  objectText,
  refText,
  summarize,
  type Verdict,
} from "../../mesh/index.js";

/** One answer as JSON: rules and aliases by `namespace/name`, the client by its place in the list. */
export function verdictJson(verdict: Verdict, message = summarize(verdict)) {
  return {
    alias: refText(verdict.alias),
    host: verdict.host,
    client: verdict.clientIndex,
    port: verdict.port,
    subset: verdict.subset,
    verdict: verdict.verdict,
    kind: verdict.kind,
    rule: verdict.rule && refText(verdict.rule),
    message,
  };
}

/** One outbound cluster of a client as JSON. */
export function clusterJson({ host, port, subset, tls, rule }: Cluster, client: number) {
  return { client, host, port, subset, tls, rule: rule && refText(rule) };
}

/** `judge --json`: everything that is known, for programs, in pieces. */
export function* judgementJson(judgement: Judgement): Generator<string> {
  const { mesh, clients, verdicts, inert, shadowed, unmodelled, notes } = judgement;
  const document = {
    clients,
    verdicts: explained(verdicts, mesh),
    inertRules: inert.map(({ rule, alias, by, ...rest }) => ({
      rule: refText(rule),
      ...rest,
      alias: alias && refText(alias),
      by: by && refText(by),
    })),
    shadowedRules: shadowed.map(({ rule, by, alias, host, client }) => ({
      rule: refText(rule),
      by: refText(by),
      alias: refText(alias),
      host,
      client,
    })),
    unmodelled: unmodelled.map(({ object, why }) => ({ object: objectText(object), why })),
    ...(judgement.calls.length > 0 && { calls: judgement.calls.map(callJson) }),
    notes,
    summary: summaryOf(judgement),
  };
  yield* jsonPieces(document);
  yield "\n";
}

function* explained(verdicts: readonly Verdict[], mesh: Mesh) {
  for (const verdict of verdicts) {
    const { summary, fix, yaml } = explain(verdict, mesh);
    const { target, tls, level, unknowns, reason, witnesses } = verdict;
    const why = { unknowns, reason, witnesses };
    yield { ...verdictJson(verdict, summary), target, tls, level, fix, yaml, ...why };
  }
}

/** The answer to one line of `judge --json-lines`. */
export interface LineAnswer {
  id: unknown;
  /** The clients that were judged, where the line named none. */
  clients?: readonly Client[];
  effective: ReturnType<typeof clusterJson>[];
  verdicts: ReturnType<typeof verdictJson>[];
}

/** How many of what there is. */
export function summaryOf({ manifests, clients, verdicts }: Judgement) {
  const count = (wanted: Verdict["verdict"]) =>
    verdicts.filter(({ verdict }) => verdict === wanted).length;
  const read = manifests.filter(({ object }) => isRead(object)).length;
  return {
    aliases: new Set(verdicts.map(({ alias }) => objectText(alias))).size,
    clients: clients.length,
    violations: count("violation"),
    undecided: count("undecided"),
    ok: count("ok"),
    objects: read,
    otherKinds: manifests.length - read,
  };
}
