import type { Alias } from "./aliases.js";
import { questionsOf } from "./answers.js";
import { defaultClients } from "./clients.js";
import { concernsOf, type Concern } from "./concerns.js";
import { at, compareText, text } from "./fields.js";
import { readMesh, type Mesh } from "./mesh.js";
import type { KubeObject } from "./objects.js";
import { Stage, type Scene } from "./scene.js";
import { unclearIn, type Unclear } from "./unclear.js";
import type { Client, Verdict } from "./verdict.js";
import { answerOf, possibilities, type Possibility } from "./worlds.js";

/**
 * What each client's proxy will do towards each external alias.
 *
 * @param clients the callers to ask about; @default {@link defaultClients}
 * @returns verdicts by alias, host, client, port and subset, the same for any order of objects
 */
export function judge(mesh: Mesh, clients: readonly Client[] = defaultClients(mesh)): Verdict[] {
  const verdicts = judgeRevision(mesh, clients);
  for (const revision of otherRevisions(mesh)) {
    const other = readMesh(mesh.objects as readonly KubeObject[], { ...mesh.facts, revision });
    addViolations(verdicts, judgeRevision(other, clients), revision);
  }
  return verdicts;
}

function judgeRevision(mesh: Mesh, clients: readonly Client[]): Verdict[] {
  const unclear = unclearIn(mesh);
  const stage = unclear && new Stage(mesh, unclear);
  const verdicts: Verdict[] = [];
  for (const concern of concernsOf(mesh, unclear)) {
    const scene = stage?.sceneOf(concern);
    const certain = concern.alias ? certainJudge(mesh, concern.alias) : () => [];
    const possible = unclear && scene ? possibleJudge(mesh, unclear, scene) : certain;
    clients.forEach((client, index) => {
      const found = scene?.affects(client) ? possible(client) : certain(client);
      for (const finding of found) verdicts.push(verdictOf(concern, client, index, finding));
    });
  }
  return verdicts;
}

/** What was found about one place; `unknowns` and `reason` where it isn't certain. */
type Finding = Omit<Possibility, "unknowns"> & Partial<Pick<Possibility, "unknowns">>;

const NO_ADDRESS =
  "its addresses aren't among the objects, so whether it leads outside isn't known";

/** Findings where all is known. */
function certainJudge(mesh: Mesh, alias: Alias): (client: Client) => Finding[] {
  const questions = questionsOf(mesh, alias);
  return (client) => {
    const findings: Finding[] = [];
    for (const { host, isRegistered, answer } of questions) {
      for (const outcome of answer(client)) {
        const said = answerOf(alias, outcome);
        // A target that nothing registers is worth a word only if some rule is about it.
        if (said === "ok" && host !== alias.host && !isRegistered) continue;
        findings.push({ alias, host, outcome, answer: said });
      }
    }
    return findings;
  };
}

/** Findings where something isn't known; clients that nothing tells apart share them. */
function possibleJudge(
  mesh: Mesh,
  unclear: Unclear,
  scene: Scene,
): (client: Client) => readonly Finding[] {
  const known = new Map<string, readonly Finding[]>();
  const certain = scene.concern.alias ? certainJudge(mesh, scene.concern.alias) : () => [];
  return (client) => {
    const own = scene.namespaces.has(client.namespace) ? client.namespace : "";
    const key = JSON.stringify([own, client.gateway === true, client.labels]);
    let findings = known.get(key);
    if (!findings) {
      const base = certain(client);
      const possible = possibilities(mesh, unclear, scene, client);
      findings = possible ? merged(base, possible) : base.map(withoutTls);
      known.set(key, findings);
    }
    return findings;
  };
}

/** Places that exist whatever happens, and those that are wrong if they come to exist. */
function merged(base: readonly Finding[], possible: readonly Possibility[]): Finding[] {
  const places = new Set(base.map(placeOf));
  return possible.filter((one) => one.answer !== "ok" || places.has(placeOf(one)));
}

function placeOf({ host, outcome }: Finding): string {
  return `${host}|${outcome.port}|${outcome.subset}`;
}

/** Nothing can be wrong, but which of the right ways it will be isn't known. */
function withoutTls(finding: Finding): Finding {
  const { port, subset } = finding.outcome;
  return { ...finding, outcome: { port, subset, saysIstioMutual: false } };
}

function verdictOf(
  concern: Concern,
  client: Client,
  clientIndex: number,
  { alias, host, outcome, answer, unknowns, reason }: Finding,
): Verdict {
  const verdict: Verdict = {
    alias: concern.ref,
    why: alias.why,
    target: alias.target,
    host,
    client,
    clientIndex,
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
    const why = reason ?? (values.length === 0 ? NO_ADDRESS : undefined);
    if (values.length > 0) verdict.unknowns = values;
    if (why !== undefined) verdict.reason = why;
    return verdict;
  }
  if (outcome.tls) verdict.tls = outcome.tls;
  if (answer === "violation") verdict.kind = outcome.tls === "ISTIO_MUTUAL" ? "live" : "declared";
  return verdict;
}

/** Revisions of the control plane that some object is labelled for, other than the mesh's own. */
function otherRevisions(mesh: Mesh): string[] {
  const revisions = new Set<string>();
  for (const { kind, metadata } of mesh.objects) {
    const revision = kind === "DestinationRule" ? at(metadata, "labels", "istio.io/rev") : "";
    if (text(revision) !== "" && revision !== mesh.facts.revision) revisions.add(text(revision));
  }
  return mesh.facts.revision === "" ? [] : [...revisions].sort(compareText);
}

/** Adds what is wrong for the proxies of another revision to what is right for the mesh's own. */
function addViolations(verdicts: Verdict[], others: readonly Verdict[], revision: string): void {
  const indexes = new Map(verdicts.map((verdict, index) => [keyOf(verdict), index]));
  for (const other of others) {
    if (other.verdict === "ok") continue;
    const index = indexes.get(keyOf(other));
    const own = index === undefined ? undefined : verdicts[index];
    if (own?.verdict === "violation" || own?.verdict === other.verdict) continue;
    const labelled: Verdict = { ...other, revision };
    // The mesh's own control plane sends nothing of the kind.
    if (other.kind) labelled.kind = "declared";
    delete labelled.tls;
    if (index === undefined) verdicts.push(labelled);
    else verdicts[index] = labelled;
  }
}

function keyOf({ alias, host, clientIndex, port, subset }: Verdict): string {
  return [alias.kind, alias.namespace, alias.name, host, clientIndex, port, subset].join("|");
}
