import { type AliasCall, type AliasCalls, callsOf } from "./calls.js";
import type { CallChange } from "./call-change.js";
import { type ClusterChange, clusterChanges } from "./cluster-changes.js";
import { effectOf, EFFECTS } from "./effect.js";
import { minorsBetween } from "./minors.js";
import { type Preparation, prepare } from "./prepare.js";
import { reasonsFor } from "./reasons.js";
import { inertRules, type InertRule } from "../findings/inert-rules.js";
import { type KubeObject, objectText } from "../input/kube-object.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { type Mesh, readMesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { defaultClients } from "../verdicts/default-clients.js";

/** From one version of Istio to another; the newer one may be the first, for a way back. */
export interface Versions {
  from: string;
  to: string;
}

/** What an upgrade does to the calls of one set of objects. */
export interface Rehearsal extends Versions {
  /** How many calls there are under either version. */
  calls: number;
  /** The worst first. */
  changes: CallChange[];
  /** Rules that do nothing afterwards, and do something today. */
  inert: InertRule[];
  /** Every cluster that is another one for some client, those of other hosts than the aliases' as well. */
  clusters: ClusterChange[];
  /** What keeps every call that breaks as it is on both sides. */
  preparation: Preparation;
}

/**
 * Compares what two versions of Istio make of the same objects, and finds what to write before the upgrade
 * so that no call breaks at any moment.
 *
 * @param facts of the mesh; its version is left out of account
 * @param clients @default the clients that the objects themselves name, and any other namespace
 * @param more clients to ask about besides those
 */
export function rehearse(
  objects: readonly KubeObject[],
  facts: Partial<MeshFacts>,
  { from, to }: Versions,
  clients?: readonly Client[],
  more: readonly Client[] = [],
): Rehearsal {
  const meshOf = (istioVersion: string) => readMesh(objects, { ...facts, istioVersion });
  const [before, after] = [meshOf(from), meshOf(to)];
  const judged = clients ?? clientsOf(before, after, more);
  const calls = { before: callsOf(before, judged), after: callsOf(after, judged) };
  const found = changesBetween(calls.before, calls.after);
  const between =
    found.length === 0
      ? []
      : minorsBetween(from, to).map((version) => ({
          version,
          calls: callsOf(meshOf(version), judged),
        }));
  const changes = found.map(({ key, ...change }) => ({
    ...change,
    since: sinceWhen(key, change.before, between) ?? to,
    reasons: reasonsFor(before, after, change),
  }));
  return {
    ...{ from, to },
    calls: new Set([...calls.before.keys(), ...calls.after.keys()]).size,
    changes,
    inert: newlyInert(before, after, judged),
    clusters: clusterChanges(before, after, judged),
    preparation: prepare({ objects, facts, from, to, clients: judged }, calls.before, changes),
  };
}

function clientsOf(before: Mesh, after: Mesh, more: readonly Client[]): Client[] {
  const all = [...defaultClients(before), ...defaultClients(after), ...more];
  return [...new Map(all.map((client) => [JSON.stringify(client), client])).values()];
}

type FoundChange = Pick<CallChange, "effect" | "before" | "after"> & { key: string };

/** What differs, the worst first, then by key. */
function changesBetween(before: AliasCalls, after: AliasCalls): FoundChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  const found = keys.flatMap((key): FoundChange[] => {
    const [was, is] = [before.get(key), after.get(key)];
    const effect = effectOf(was, is);
    return effect ? [{ key, effect, ...(was && { before: was }), ...(is && { after: is }) }] : [];
  });
  return found.sort((a, b) => EFFECTS.indexOf(a.effect) - EFFECTS.indexOf(b.effect));
}

/** The first version in between that carries a call otherwise. */
function sinceWhen(
  key: string,
  before: AliasCall | undefined,
  between: readonly { version: string; calls: AliasCalls }[],
): string | undefined {
  return between.find(({ calls }) => effectOf(before, calls.get(key)) !== undefined)?.version;
}

function newlyInert(before: Mesh, after: Mesh, clients: readonly Client[]): InertRule[] {
  const known = new Set(inertRules(before, clients).map(({ rule }) => objectText(rule)));
  return inertRules(after, clients).filter(({ rule }) => !known.has(objectText(rule)));
}
