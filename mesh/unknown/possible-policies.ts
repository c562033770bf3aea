import type { ObjectRef } from "../input/kube-object.js";
import { at, groupBy, refOf, text, type Plain } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import { isSelective, readAuthentication } from "../registry/peer-authentication.js";
import { olderThan, type Aged } from "./creation-order.js";

/** A mesh with one order of its PeerAuthentications. */
export interface PossiblePolicies {
  mesh: Mesh;
  /** By namespace; empty: any order. */
  oldestFirst: readonly (readonly ObjectRef[])[];
}

/** What the endpoints of each namespace accept by each PeerAuthentication that may be its oldest. */
export function possiblePolicies(mesh: Mesh): PossiblePolicies[] {
  const { byKind, facts } = mesh;
  const policies = byKind.PeerAuthentication.filter((object) => !isSelective(object));
  const groups = groupBy(policies, (object) => refOf(object).namespace)
    .map((group) => group.map(agedPolicy))
    .map((group) => ({ group, oldest: possiblyOldest(group) }))
    .filter(({ oldest }) => oldest.length > 1);
  if (groups.length === 0) return [{ mesh, oldestFirst: [] }];
  const orders = groups.reduce<Aged<Plain>[][][]>(
    (before, { group, oldest }) =>
      before.flatMap((some) =>
        oldest.map((one) => [...some, [one, ...group.filter((other) => other !== one)]]),
      ),
    [[]],
  );
  return orders.map((order) => {
    const younger = new Set(order.flatMap(([, ...others]) => others.map(({ object }) => object)));
    const counting = policies.filter((object) => !younger.has(object));
    return {
      mesh: { ...mesh, acceptedTls: readAuthentication(counting, facts.rootNamespace) },
      oldestFirst: order.map((group) => group.map(({ object }) => refOf(object))),
    };
  });
}

/** One of each content among those that nothing is known to be older than. */
function possiblyOldest(group: readonly Aged<Plain>[]): Aged<Plain>[] {
  const before = olderThan(group);
  const first = group.filter((one) => before.get(one)?.length === 0);
  return [...new Map(first.map((one) => [one.content, one])).values()];
}

function agedPolicy(object: Plain): Aged<Plain> {
  return { value: object, object, content: text(at(object, "spec", "mtls", "mode")) };
}
