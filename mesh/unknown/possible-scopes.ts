import { fits, type Plain } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { readSidecar, type Sidecar } from "../scope/sidecar.js";
import { sidecarScope, type SidecarScope } from "../scope/sidecar-scope.js";
import { olderThan, type Aged } from "./creation-order.js";

/** What a client may import, and the order of creation that it takes. */
export interface PossibleScope {
  scope: SidecarScope;
  /** Undefined: any order. */
  oldestFirst?: readonly ObjectRef[];
}

/** What a client imports by each Sidecar that may be the oldest of those that hold for it. */
export function possibleScopes(mesh: Mesh, client: Client): PossibleScope[] {
  const group = client.gateway ? [] : holdingFor(mesh, client);
  const before = olderThan(group);
  const first = group.filter((one) => before.get(one)?.length === 0);
  const byContent = new Map(first.map((one) => [one.content, one]));
  if (byContent.size < 2) return [{ scope: mesh.sidecarScopeOf(client) }];
  return [...byContent.values()].map((one) => ({
    scope: sidecarScope(client.namespace, one.value, mesh.virtualServices, mesh.facts),
    oldestFirst: [one, ...group.filter((other) => other !== one)].map(({ value }) => value.ref),
  }));
}

/** Sidecars of the client's namespace that fit it, those with a selector before others; else the root's. */
function holdingFor({ byKind, facts }: Mesh, client: Client): Aged<Sidecar>[] {
  const all = byKind.Sidecar.map(agedSidecar);
  const own = all.filter(
    ({ value }) =>
      value.ref.namespace === client.namespace && fits(value.selector ?? {}, client.labels ?? {}),
  );
  const selecting = own.filter(({ value }) => value.selector !== undefined);
  if (selecting.length > 0) return selecting;
  if (own.length > 0) return own;
  return all.filter(
    ({ value }) => value.ref.namespace === facts.rootNamespace && value.selector === undefined,
  );
}

function agedSidecar(object: Plain): Aged<Sidecar> {
  const value = readSidecar(object);
  return { value, object, content: JSON.stringify(value.egress) };
}
