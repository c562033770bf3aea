import { type AliasCalls, callsOf } from "./calls.js";
import { candidatesFor } from "./candidates.js";
import { type Edit, objectRef, withEdits } from "./edits.js";
import { dangerOf, isAsBefore } from "./effect.js";
import type { CallChange } from "./call-change.js";
import type { Situation } from "./situation.js";
import { type ObjectRef, objectText } from "../input/kube-object.js";
import { readMesh } from "../mesh.js";

/** What to write so that no call breaks: under the old version, under the new one, and while it is written. */
export interface Preparation {
  /** Before the upgrade, in this order. */
  edits: Edit[];
  /** Aliases of whose calls some break all the same: nothing that was tried is right on both sides. */
  unprepared: { alias: ObjectRef; host: string }[];
}

/** Each trial judges all objects several times; so many are made, whatever the size. */
const MOST_TRIALS = 200;

/**
 * Looks for objects that keep every call that an upgrade breaks as it is today, on both sides. What is found
 * was judged: after each edit under the old version, and with all of them under the new one, the calls of
 * the alias are sent as today, and no other call is the worse for it.
 *
 * @param present the calls under the old version
 */
export function prepare(
  situation: Situation,
  present: AliasCalls,
  changes: readonly CallChange[],
): Preparation {
  const broken = new Map<string, { alias: ObjectRef; changes: CallChange[] }>();
  for (const change of changes.filter(needsPreparation)) {
    const { alias, host } = (change.before ?? change.after)!;
    const known = broken.get(host);
    if (known) known.changes.push(change);
    else broken.set(host, { alias, changes: [change] });
  }
  const preparation: Preparation = { edits: [], unprepared: [] };
  let trials = 0;
  let wrong = wrongCalls(present, callsUnder(situation, situation.to, []));
  for (const [host, { alias, changes }] of broken) {
    if (!isAnyOf(wrong, host)) continue; // what was written for another alias puts it right, too
    const found = candidatesFor(situation, changes, preparation.edits).find((candidate) => {
      if (trials++ >= MOST_TRIALS) return false;
      const left = wrongAfter(situation, present, preparation.edits, candidate);
      if (!left || isAnyOf(left, host) || [...left.keys()].some((one) => !wrong.has(one)))
        return false;
      wrong = left;
      return true;
    });
    if (found) preparation.edits.push(...found);
    else preparation.unprepared.push({ alias, host });
  }
  return preparation;
}

/** What breaks, and what does if the alias leads outside; of what isn't known nothing can be promised. */
function needsPreparation({ effect, before, after }: CallChange): boolean {
  if (effect === "breaks") return true;
  return effect === "undecided" && before?.tls !== "unknown" && after?.tls !== "unknown";
}

/**
 * The calls that are wrong under the new version with more edits; undefined if one of them makes a call
 * wrong under the old version.
 */
function wrongAfter(
  situation: Situation,
  present: AliasCalls,
  made: readonly Edit[],
  candidate: readonly Edit[],
): Map<string, string> | undefined {
  const isRight = candidate.every((_, index) => {
    const edits = [...made, ...candidate.slice(0, index + 1)];
    return wrongCalls(present, callsUnder(situation, situation.from, edits), edits).size === 0;
  });
  if (!isRight) return undefined;
  const edits = [...made, ...candidate];
  return wrongCalls(present, callsUnder(situation, situation.to, edits), edits);
}

function callsUnder(
  { objects, facts, clients }: Situation,
  istioVersion: string,
  edits: readonly Edit[],
): AliasCalls {
  return callsOf(readMesh(withEdits(objects, edits), { ...facts, istioVersion }), clients);
}

/** Calls that aren't as today, each with its host; of those that are wrong today, what is worse. */
function wrongCalls(
  present: AliasCalls,
  calls: AliasCalls,
  edits: readonly Edit[] = [],
): Map<string, string> {
  const created = new Set(
    edits
      .filter(({ action }) => action === "create")
      .map(({ object }) => objectText(objectRef(object))),
  );
  const wrong = new Map<string, string>();
  for (const key of new Set([...present.keys(), ...calls.keys()])) {
    const [was, is] = [present.get(key), calls.get(key)];
    const { alias, host } = (is ?? was)!;
    // A name that istiod didn't know is called as its ServiceEntry says, which the advice says.
    const isSame = dangerOf(was) > 0 || created.has(objectText(alias)) || isAsBefore(was, is);
    if (dangerOf(is) > dangerOf(was) || !isSame) wrong.set(key, host);
  }
  return wrong;
}

function isAnyOf(wrong: ReadonlyMap<string, string>, host: string): boolean {
  return [...wrong.values()].includes(host);
}
