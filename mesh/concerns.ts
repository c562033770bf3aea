import { aliasOf, declaredAliases, type Alias } from "./aliases.js";
import { compareRefs, compareText, refOf, type Plain } from "./fields.js";
import type { Mesh } from "./mesh.js";
import type { ObjectRef } from "./objects.js";
import type { Service } from "./services.js";
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
  const behind = [...unclear.blurred.values()].filter(({ kind }) => BEHIND.includes(kind));
  const mayGainAddress = ({ namespace }: ObjectRef) =>
    behind.some((blurred) => (blurred.namespace ?? namespace) === namespace);
  const isUnsure = ({ ref, object }: Service) =>
    mayGainAddress(ref) || (object !== undefined && unclear.blurred.has(object));
  const services = mesh.services.filter(
    (service) => aliasOf(mesh, service) === undefined && chainOf(mesh, service).some(isUnsure),
  );
  // A ServiceEntry may be about hosts that aren't known beside those that are.
  const entries = mesh.byKind.ServiceEntry.filter((object) => unclear.blurred.has(object));
  const objects = [...services.map(({ object }) => object), ...entries];
  return [...new Set(objects)]
    .filter((object) => object !== undefined)
    .map((object) => ({ ref: refOf(object), object }));
}

/** Kinds that addresses come from. */
const BEHIND: readonly string[] = ["EndpointSlice", "Endpoints", "Pod", "WorkloadEntry"];

/** The services of a host and, of ExternalNames, all that they lead to. */
function chainOf(mesh: Mesh, service: Service): Service[] {
  const chain = new Set(mesh.registry.of(service.host));
  for (const { externalName } of chain) {
    if (externalName === undefined) continue;
    for (const next of mesh.registry.of(externalName)) chain.add(next);
  }
  return [...chain];
}
