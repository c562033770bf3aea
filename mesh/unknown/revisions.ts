import { NOBODY } from "./completions/values.js";
import { at, compareText, isPlain, refOf, text, UNREADABLE } from "../input/plain.js";
import { ABSENT, pathText, unknownPaths } from "../input/unknowns.js";
import type { Mesh } from "../mesh.js";
import { objectText, type UnknownValue } from "../input/kube-object.js";
import type { CompletedValue, Verdict, Witness } from "../verdicts/verdict.js";

/**
 * Adds what is wrong for the proxies of other revisions of the control plane that rules are labelled for, and
 * of one that they may be labelled for.
 *
 * @param verdicts what holds for the mesh's own revision
 * @param judgeUnder what isn't well under another one
 */
export function addOtherRevisions(
  mesh: Mesh,
  verdicts: Verdict[],
  judgeUnder: (revision: string) => readonly Verdict[],
): void {
  for (const revision of otherRevisions(mesh)) {
    addWrong(
      verdicts,
      judgeUnder(revision).map((found) => underRevision(found, revision)),
    );
  }
  const unknowns = unknownRevisions(mesh);
  if (unknowns.length > 0) {
    addWrong(
      verdicts,
      judgeUnder(NOBODY).map((found) => underUnknownRevision(found, unknowns)),
    );
  }
}

/** Whether rules are, or may be, labelled for other revisions than the mesh's own. */
export function hasOtherRevisions(mesh: Mesh): boolean {
  if (mesh.facts.revision === "") return false;
  return otherRevisions(mesh).length > 0 || unknownRevisions(mesh).length > 0;
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
function underRevision(found: Verdict, revision: string): Verdict {
  const verdict: Verdict = { ...found, revision };
  if (verdict.kind) verdict.kind = "declared";
  delete verdict.tls;
  return verdict;
}

/** What would hold for another revision if there were one. */
function underUnknownRevision(found: Verdict, labels: readonly UnknownValue[]): Verdict {
  const unknowns = [...(found.unknowns ?? []), ...labels];
  const wrong = found.witnesses?.find((one) => one.verdict === "violation");
  const witnesses = [withRevision(undefined, labels, ABSENT), withRevision(wrong, labels, NOBODY)];
  const verdict: Verdict = { ...found, verdict: "undecided", unknowns, witnesses };
  delete verdict.kind;
  delete verdict.tls;
  return verdict;
}

/**
 * A completion in which all rules are for the mesh's own revision or all for another one.
 *
 * @param wrong what else is so where it goes wrong for that one
 */
function withRevision(
  wrong: Witness | undefined,
  labels: readonly UnknownValue[],
  revision: string | typeof ABSENT,
): Witness {
  const isOf = (place: UnknownValue) => (value: CompletedValue) =>
    value.path === place.path && objectText(value.object) === objectText(place.object);
  const values = wrong?.values ?? [];
  const others = values.filter((value) => !labels.some((place) => isOf(place)(value)));
  const own = labels.map((place) => labelled(place, values.find(isOf(place)), revision));
  return {
    verdict: revision === ABSENT ? "ok" : "violation",
    values: [...others, ...own],
    oldestFirst: wrong?.oldestFirst ?? [],
    ...(wrong?.leadsOutside !== undefined && { leadsOutside: wrong.leadsOutside }),
  };
}

/** The value of a place that a revision may stand at, with this one. */
function labelled(
  place: UnknownValue,
  completed: CompletedValue | undefined,
  revision: string | typeof ABSENT,
): CompletedValue {
  const { object, path } = place;
  if (path === "metadata") {
    const metadata = isPlain(completed?.value) ? completed.value : { name: UNREADABLE };
    if (revision === ABSENT || "labels" in metadata) return { object, path, value: metadata };
    return { object, path, value: { ...metadata, labels: { "istio.io/rev": revision } } };
  }
  if (completed?.value !== undefined) return completed;
  if (revision === ABSENT) return { object, path, isAbsent: true };
  const value = path === "metadata.labels" ? { "istio.io/rev": revision } : revision;
  return { object, path, value };
}

/** Adds what is wrong for other revisions to what is right for the mesh's own. */
function addWrong(verdicts: Verdict[], others: readonly Verdict[]): void {
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
