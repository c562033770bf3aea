import { isCoveredBy, isWildcard, resolveHost } from "../input/hosts.js";
import { at, items, refOf, text, texts, wholeNumber, type Plain } from "../input/plain.js";
import { pathText, unknownPaths } from "../input/unknowns.js";
import type { Mesh } from "../mesh.js";
import type { Call } from "./call.js";

/** Kinds whose unknown values may send a call another way. */
const KINDS = [
  "VirtualService",
  "Sidecar",
  "ServiceEntry",
  "Service",
  "DestinationRule",
  "EndpointSlice",
  "Endpoints",
] as const;

interface Partial {
  object: Plain;
  /** The first place that isn't known, as people write it. */
  path: string;
}

const known = new WeakMap<Mesh, readonly Partial[]>();

function partialObjects(mesh: Mesh): readonly Partial[] {
  let partials = known.get(mesh);
  if (!partials) {
    const objects = [
      ...KINDS.flatMap((kind) => mesh.byKind[kind]),
      ...mesh.objects.filter(isRouteOfSidecars),
    ];
    partials = objects.flatMap((object) => {
      const path = unknownPaths(object).find((one) => !HARMLESS.test(pathText(one)));
      return path ? [{ object, path: pathText(path) }] : [];
    });
    known.set(mesh, partials);
  }
  return partials;
}

/** Routes of the Gateway API whose parent is, or may be, a service. */
function isRouteOfSidecars(object: Plain): boolean {
  if (!/^(HTTP|GRPC|TLS|TCP)Route$/.test(text(object.kind))) return false;
  const parents = at(object, "spec", "parentRefs");
  return !Array.isArray(parents) || parents.some((one) => text(at(one, "kind")) !== "");
}

/** Places that decide nothing about the way of a call. */
const HARMLESS =
  /^(metadata\.(uid|creationTimestamp|resourceVersion|generation|labels|annotations)|status)\b/;

/**
 * Why values that aren't known keep a call from being decided; undefined where none matters.
 *
 * @param names the hosts that the call is about: what it calls, what it sends, where routes lead
 */
export function undecidedBecause(
  mesh: Mesh,
  { client, port }: Call,
  names: readonly string[],
): string | undefined {
  const matters = partialObjects(mesh).find(({ object }) => {
    if (object.kind !== "Sidecar") return mayConcern(mesh, object, names, port);
    const { namespace } = refOf(object);
    return [client.namespace, mesh.facts.rootNamespace, ""].includes(namespace);
  });
  if (!matters) return undefined;
  const { kind, namespace, name } = refOf(matters.object);
  const whose = `${kind} ${namespace || "?"}/${name || "?"}`;
  return `${matters.path} of ${whose} isn't known yet`;
}

function mayConcern(mesh: Mesh, object: Plain, names: readonly string[], port: number): boolean {
  const hosts = hostsOf(mesh, object);
  if (hosts === undefined || names.some((name) => hosts.some((host) => shares(host, name)))) {
    return true;
  }
  // What shares a port may share its listener, as long as its address isn't known.
  return object.kind === "ServiceEntry" && !hasOtherPorts(object, port);
}

function shares(host: string, name: string): boolean {
  return isWildcard(name) ? isCoveredBy(host, name) : isCoveredBy(name, host);
}

function hasOtherPorts(object: Plain, port: number): boolean {
  const ports = items(at(object, "spec", "ports")).map((one) => wholeNumber(at(one, "number")));
  return ports.length > 0 && ports.every((number) => number !== undefined && number !== port);
}

/** The hosts that an object is about; undefined where they aren't known. */
function hostsOf({ facts }: Mesh, object: Plain): string[] | undefined {
  const { namespace, name } = refOf(object);
  const spec = at(object, "spec");
  if (object.kind === "DestinationRule") {
    const host = at(spec, "host");
    if (typeof host !== "string") return undefined;
    return [resolveHost(host, namespace, facts.clusterDomain)];
  }
  if (object.kind === "VirtualService" || object.kind === "ServiceEntry") {
    const hosts = items(at(spec, "hosts"));
    if (hosts.length === 0 || hosts.some((host) => typeof host !== "string")) return undefined;
    return texts(hosts).map((host) => resolveHost(host, namespace, facts.clusterDomain));
  }
  const service =
    object.kind === "EndpointSlice"
      ? text(at(object, "metadata", "labels", "kubernetes.io/service-name"))
      : name;
  if (service === "" || namespace === "") return undefined;
  return [`${service}.${namespace}.svc.${facts.clusterDomain}`];
}
