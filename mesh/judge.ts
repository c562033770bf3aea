import { questionsOf, viewerOf, type Viewer } from "./answers.js";
import { defaultClients } from "./clients.js";
import type { Outcome } from "./clusters.js";
import { NOBODY } from "./completions/values.js";
import { concernsOf, type Concern } from "./concerns.js";
import { at, compareText, refOf, text } from "./fields.js";
import { readMesh, type Mesh } from "./mesh.js";
import type { KubeObject, UnknownValue } from "./objects.js";
import { Stage, type Scene } from "./scene.js";
import { unclearIn, type Unclear } from "./unclear.js";
import { pathText, unknownPaths } from "./unknowns.js";
import type { Client, Verdict } from "./verdict.js";
import { placeOf, possibilities, type Possibility } from "./worlds.js";

/**
 * What each client's proxy will do towards each external alias.
 *
 * @param clients the callers to ask about; @default {@link defaultClients}
 * @returns verdicts by alias, host, client, port and subset, the same for any order of objects
 */
export function judge(mesh: Mesh, clients: readonly Client[] = defaultClients(mesh)): Verdict[] {
  const verdicts = judgeRevision(mesh, clients);
  if (mesh.facts.revision === "") return verdicts;
  const judgeUnder = (revision: string) => {
    const other = readMesh(mesh.objects as readonly KubeObject[], { ...mesh.facts, revision });
    return judgeRevision(other, clients).filter(({ verdict }) => verdict !== "ok");
  };
  for (const revision of otherRevisions(mesh)) {
    addFindings(
      verdicts,
      judgeUnder(revision).map((found) => elsewhere(found, revision)),
    );
  }
  const unknowns = unknownRevisions(mesh);
  if (unknowns.length > 0) {
    addFindings(
      verdicts,
      judgeUnder(NOBODY).map((found) => perhapsElsewhere(found, unknowns)),
    );
  }
  return verdicts;
}

/** A viewer, and its client's place in the list that was asked about. */
interface Asking extends Viewer {
  clientIndex: number;
}

function judgeRevision(mesh: Mesh, clients: readonly Client[]): Verdict[] {
  const unclear = unclearIn(mesh);
  const stage = unclear && new Stage(mesh, unclear);
  const viewers = clients.map((client, clientIndex): Asking => ({
    ...viewerOf(mesh, client),
    clientIndex,
  }));
  const verdicts: Verdict[] = [];
  for (const concern of concernsOf(mesh, unclear)) {
    const scene = stage?.sceneOf(concern);
    const certain = certainJudges(mesh, concern);
    const possible = unclear && scene ? [possibleJudge(mesh, unclear, scene, certain)] : certain;
    for (const viewer of viewers) {
      addVerdicts(verdicts, scene?.affects(viewer.client) ? possible : certain, viewer);
    }
  }
  return verdicts;
}

function addVerdicts(verdicts: Verdict[], judges: readonly Judge[], viewer: Asking): void {
  for (const judgeOne of judges) {
    for (const found of judgeOne(viewer)) verdicts.push(forClient(found, viewer));
  }
}

/**
 * A client's own copy. There are many: written field by field they are one piece of memory each,
 * which a spread of fields that were added one by one isn't. Only what is undecided has more fields.
 */
function forClient(verdict: Verdict, { client, clientIndex }: Asking): Verdict {
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

/** What was found about one place; `unknowns` and `reason` where it isn't certain. */
type Finding = Omit<Possibility, "unknowns"> & Partial<Pick<Possibility, "unknowns">>;

/** The verdicts that a client gets; whose they are is still to be filled in. */
type Judge = (viewer: Viewer) => readonly Verdict[];

const NO_ADDRESS =
  "its addresses aren't among the objects, so whether it leads outside isn't known";
const NO_SIDECAR =
  "its ServiceEntry says MESH_INTERNAL, but no sidecar is known behind it, so it may lead outside";

/** Judges each host of a concern where all is known. Clients that fare alike share their verdicts. */
function certainJudges(mesh: Mesh, concern: Concern): Judge[] {
  const { alias } = concern;
  if (!alias) return [];
  return questionsOf(mesh, alias).map(({ host, isRegistered, answer }) => {
    let last: { outcomes: readonly Outcome[]; verdicts: Verdict[] } | undefined;
    return (viewer) => {
      const outcomes = answer(viewer);
      if (last?.outcomes === outcomes) return last.verdicts;
      const verdicts = outcomes
        .map((outcome) => placeOf(alias, host, outcome))
        // A target that nothing registers is worth a word only if some rule is about it.
        .filter((found) => found.answer !== "ok" || host === alias.host || isRegistered)
        .map((found) => verdictOf(concern, viewer.client, found));
      last = { outcomes, verdicts };
      return verdicts;
    };
  });
}

/** Judges where something isn't known; clients that nothing tells apart share their verdicts. */
function possibleJudge(
  mesh: Mesh,
  unclear: Unclear,
  scene: Scene,
  certain: readonly Judge[],
): Judge {
  const known = new Map<string, readonly Verdict[]>();
  return (viewer) => {
    const { client } = viewer;
    const own = scene.namespaces.has(client.namespace) ? client.namespace : "";
    const key = JSON.stringify([own, client.gateway === true, client.labels]);
    let verdicts = known.get(key);
    if (!verdicts) {
      const base = certain.flatMap((judgeOne) => judgeOne(viewer));
      const possible = possibilities(mesh, unclear, scene, client);
      verdicts = possible
        ? merged(base, possible).map((found) => verdictOf(scene.concern, client, found))
        : base.map(withoutTls);
      known.set(key, verdicts);
    }
    return verdicts;
  };
}

/** Places that exist whatever happens, and those that are wrong if they come to exist. */
function merged(base: readonly Verdict[], possible: readonly Possibility[]): Finding[] {
  const places = new Set(base.map(({ host, port, subset }) => `${host}|${port}|${subset}`));
  return possible.filter(
    ({ answer, host, outcome }) =>
      answer !== "ok" || places.has(`${host}|${outcome.port}|${outcome.subset}`),
  );
}

/** Nothing can be wrong, but which of the right ways it will be isn't known. */
function withoutTls(known: Verdict): Verdict {
  const { alias, why, target, host, client, clientIndex, port, subset, verdict } = known;
  return { alias, why, target, host, client, clientIndex, port, subset, verdict };
}

function verdictOf(
  concern: Concern,
  client: Client,
  { alias, host, outcome, answer, isLive, unknowns, reason }: Finding,
): Verdict {
  const verdict: Verdict = {
    alias: concern.ref,
    why: alias.why,
    target: alias.target,
    host,
    client,
    clientIndex: 0,
    port: outcome.port,
    subset: outcome.subset,
    verdict: answer,
  };
  if (outcome.origin) {
    verdict.rule = outcome.origin.ref;
    verdict.ruleHost = outcome.origin.host;
    verdict.level = outcome.level;
  }
  if (answer === "undecided") {
    const values = unknowns ?? [];
    const open = alias.why === "no-known-sidecar" ? NO_SIDECAR : NO_ADDRESS;
    const why = reason ?? (values.length === 0 ? open : undefined);
    if (values.length > 0) verdict.unknowns = values;
    if (why !== undefined) verdict.reason = why;
    return verdict;
  }
  if (outcome.tls) verdict.tls = outcome.tls;
  if (answer === "violation") verdict.kind = isLive ? "live" : "declared";
  return verdict;
}

/** Revisions of the control plane that some rule is for, other than the mesh's own. */
function otherRevisions({ facts, objects }: Mesh): string[] {
  const labels = objects
    .filter(({ kind }) => kind === "DestinationRule")
    .map(({ metadata }) => text(at(metadata, "labels", "istio.io/rev")));
  return [...new Set(labels)]
    .filter((name) => name !== "" && name !== facts.revision)
    .sort(compareText);
}

/** Where rules may be labelled for a revision that isn't known. */
function unknownRevisions({ byKind }: Mesh): UnknownValue[] {
  return byKind.DestinationRule.flatMap((rule) =>
    unknownPaths(rule.metadata)
      .map((path) => ["metadata", ...path])
      .filter((path) => REVISION.test(path.join(".")))
      .map((path) => ({ object: refOf(rule), path: pathText(path) })),
  );
}

const REVISION = /^metadata(\.labels(\.istio\.io\/rev)?)?$/;

/** What holds for another revision; the mesh's own control plane sends nothing of the kind. */
function elsewhere(found: Verdict, revision: string): Verdict {
  const verdict: Verdict = { ...found, revision };
  if (verdict.kind) verdict.kind = "declared";
  delete verdict.tls;
  return verdict;
}

/** What would hold for another revision if there were one. */
function perhapsElsewhere(found: Verdict, labels: readonly UnknownValue[]): Verdict {
  const unknowns = [...(found.unknowns ?? []), ...labels];
  const verdict: Verdict = { ...found, verdict: "undecided", unknowns };
  delete verdict.kind;
  delete verdict.tls;
  return verdict;
}

/** Adds what is wrong elsewhere to what is right here. */
function addFindings(verdicts: Verdict[], others: readonly Verdict[]): void {
  const indexes = new Map(verdicts.map((verdict, index) => [keyOf(verdict), index]));
  for (const other of others) {
    const index = indexes.get(keyOf(other));
    const own = index === undefined ? undefined : verdicts[index];
    if (own?.verdict === "violation" || own?.verdict === other.verdict) continue;
    if (index === undefined) verdicts.push(other);
    else verdicts[index] = other;
  }
}

function keyOf({ alias, host, clientIndex, port, subset }: Verdict): string {
  return [alias.kind, alias.namespace, alias.name, host, clientIndex, port, subset].join("|");
}
