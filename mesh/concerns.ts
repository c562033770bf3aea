import { aliasOf, declaredAliases, type Alias } from "./aliases.js";
import { compareRefs, compareText, refOf, type Plain } from "./fields.js";
import type { Mesh } from "./mesh.js";
import type { ObjectRef } from "./objects.js";
import type { Unclear } from "./unclear.js";

/** Something that is an external alias, or may turn out to be one. */
export interface Concern {
  ref: ObjectRef;
  /** What it was read from; absent for a host that only the facts name. */
  object?: Plain;
  /** What it reads as while unknown values are left out; absent: not as an alias. */
  alias?: Alias;
}

/** Every external alias, and everything that may be one, by namespace, name, kind and host. */
export function concernsOf(mesh: Mesh, unclear: Unclear | undefined): Concern[] {
  const concerns: Concern[] = declaredAliases(mesh).map((alias) => ({ ref: alias.ref, alias }));
  for (const service of mesh.services) {
    const alias = aliasOf(mesh, service);
    if (alias) concerns.push({ ref: alias.ref, object: service.object, alias });
  }
  if (unclear) concerns.push(...possibleAliases(mesh, unclear));
  return concerns.sort(
    (a, b) => compareRefs(a.ref, b.ref) || compareText(a.alias?.host ?? "", b.alias?.host ?? ""),
  );
}

/** Objects that aren't read as aliases but may be, as soon as what is unknown of them is known. */
function possibleAliases(mesh: Mesh, unclear: Unclear): Concern[] {
  const open = [...unclear.blurred.values()].filter(
    ({ kind }) => kind === "EndpointSlice" || kind === "Endpoints" || kind === "Pod",
  );
  const mayGainAddress = (object: Plain) => {
    const { namespace } = refOf(object);
    return open.some((blurred) => (blurred.namespace ?? namespace) === namespace);
  };
  const services = mesh.byKind.Service.filter(
    (object) => unclear.blurred.has(object) || mayGainAddress(object),
  );
  const entries = mesh.byKind.ServiceEntry.filter((object) => unclear.blurred.has(object));
  const known = new Set(
    mesh.services.flatMap((service) => (aliasOf(mesh, service) ? [service.object] : [])),
  );
  return [
    ...services.filter((object) => !known.has(object)),
    // A ServiceEntry may be about hosts that aren't known beside those that are.
    ...entries,
  ].map((object) => ({ ref: refOf(object), object }));
}
