import { aliasOf, declaredAliases, type Alias } from "../verdicts/alias.js";
import { lookedUpName } from "../input/hosts.js";
import { at, compareRefs, compareText, items, refOf, texts, type Plain } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Service } from "../registry/service.js";
import type { Uncertainty } from "./partial-objects.js";

/** Something that is an external alias, or may turn out to be one. */
export interface AliasCandidate {
  ref: ObjectRef;
  /** What it was read from; absent for a host that only the facts name. */
  object?: Plain;
  /** What it reads as while unknown values are left out; absent: not as an alias. */
  alias?: Alias;
  /** Hosts of the same ServiceEntry that are candidates of their own. */
  otherHosts: readonly string[];
}

/** Every external alias, and everything that may be one, by namespace, name, kind and host. */
export function aliasCandidates(
  mesh: Mesh,
  uncertainty: Uncertainty | undefined,
): AliasCandidate[] {
  const candidates = declaredAliases(mesh).map((alias) => candidateOf(alias));
  for (const service of mesh.services) {
    const alias = aliasOf(mesh, service);
    if (alias) candidates.push(candidateOf(alias, service.object));
  }
  const possible = uncertainty ? possibleAliases(mesh, uncertainty) : [];
  return [...candidates, ...possible].sort(
    (a, b) => compareRefs(a.ref, b.ref) || compareText(a.alias?.host ?? "", b.alias?.host ?? ""),
  );
}

function candidateOf(alias: Alias, object?: Plain): AliasCandidate {
  return { ref: alias.ref, object, alias, otherHosts: [] };
}

/** Objects that aren't read as aliases but may be, as soon as what is unknown of them is known. */
function possibleAliases(mesh: Mesh, uncertainty: Uncertainty): AliasCandidate[] {
  const { partialObjects } = uncertainty;
  const behind = [...partialObjects.values()].filter(({ kind }) => BEHIND.includes(kind));
  const mayGainAddress = ({ namespace }: ObjectRef) =>
    behind.some((partial) => (partial.namespace ?? namespace) === namespace);
  const isUncertain = ({ ref, object }: Service) =>
    mayGainAddress(ref) || (object !== undefined && partialObjects.has(object));
  const services = mesh.services.filter(
    (service) =>
      aliasOf(mesh, service) === undefined && servicesOnTheWay(mesh, service).some(isUncertain),
  );
  // A ServiceEntry may be about hosts that aren't known beside those that are.
  const entries = mesh.byKind.ServiceEntry.filter((object) => partialObjects.has(object));
  const objects = [...services.map(({ object }) => object), ...entries];
  return [...new Set(objects)]
    .filter((object) => object !== undefined)
    .map((object) => ({ ref: refOf(object), object, otherHosts: aliasHosts(mesh, object) }));
}

/** The hosts of a ServiceEntry that are read as aliases. */
function aliasHosts(mesh: Mesh, object: Plain): string[] {
  if (object.kind !== "ServiceEntry") return [];
  const services = mesh.servicesByObject.get(object) ?? [];
  return services.filter((service) => aliasOf(mesh, service)).map(({ host }) => host);
}

/** Kinds that addresses come from. */
const BEHIND: readonly string[] = ["EndpointSlice", "Endpoints", "Pod", "WorkloadEntry"];

/** The services of a host, and of the names that they lead to. */
function servicesOnTheWay(mesh: Mesh, service: Service): Service[] {
  const services = new Set(mesh.registry.of(service.host));
  for (const { object } of services) {
    for (const name of object ? namesIn(object) : []) {
      for (const next of mesh.registry.of(name)) services.add(next);
    }
  }
  return [...services];
}

/** Names that an object leads to, as istiod takes them and as they are looked up. */
export function namesIn(object: Plain): string[] {
  const names = namesWrittenIn(object);
  return [...new Set([...names, ...names.map(lookedUpName)])];
}

/** Of an ExternalName, of endpoints, and a ServiceEntry's own. */
function namesWrittenIn({ kind, spec }: Plain): string[] {
  switch (kind) {
    case "Service":
      return texts([at(spec, "externalName")]);
    case "ServiceEntry":
      return texts([
        ...items(at(spec, "endpoints")).map((endpoint) => at(endpoint, "address")),
        ...items(at(spec, "hosts")),
      ]);
    case "WorkloadEntry":
      return texts([at(spec, "address")]);
    default:
      return [];
  }
}
