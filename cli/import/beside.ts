/** Objects that are about imported aliases, too, and that a catalogue doesn't have. */
import { at, type Mesh, type ObjectRef, texts, objectText, refText } from "../../mesh/index.js";
import { aliasHost } from "../verify/declared.js";
import type { Entry } from "./entries.js";
import { type ObjectsThere, refOf } from "./there.js";

export interface Beside {
  object: ObjectRef;
  /** A sentence without its subject and its full stop. */
  why: string;
}

/** All of them; what is in an alias's own namespace is in the way of its objects one day. */
export function besides(entries: readonly Entry[], there: ObjectsThere, mesh: Mesh): Beside[] {
  const made = new Set(entries.flatMap((entry) => entry.made.map((one) => objectText(refOf(one)))));
  const byHost = new Map<string, Entry>();
  for (const entry of entries) {
    byHost.set(aliasHost(entry.alias, mesh.facts), entry);
    if (entry.alias.externalName !== undefined) byHost.set(entry.alias.externalName, entry);
  }
  const found: Beside[] = [];
  const add = (object: ObjectRef, entry: Entry | undefined) => {
    if (!entry || made.has(objectText(object))) return;
    found.push({ object, why: whyOf(object, entry) });
  };
  for (const { ref, host } of mesh.rules) add(ref, byHost.get(host));
  for (const object of [...mesh.byKind.ServiceEntry, ...mesh.byKind.VirtualService]) {
    const hosts = texts(at(object, "spec", "hosts"));
    add(refOf(object), byHost.get(hosts.find((host) => byHost.has(host)) ?? ""));
  }
  for (const entry of entries) {
    const { namespace, name } = entry.object;
    for (const slice of there.slicesOf(namespace, name)) add(refOf(slice), entry);
  }
  return found;
}

function whyOf(object: ObjectRef, { object: alias }: Entry): string {
  const about = `is about ${refText(alias)}, too, and stays`;
  return object.namespace === alias.namespace
    ? `${about}: what up makes has another name; delete this one when up is through`
    : `${about}: a catalogue writes into the alias's own namespace alone`;
}
