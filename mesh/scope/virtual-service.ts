import { readDefaultExportTo } from "../input/istio-version.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import {
  at,
  creationTime,
  isPlain,
  items,
  refOf,
  text,
  texts,
  wholeNumber,
} from "../input/plain.js";
import type { Plain } from "../input/plain.js";
import { resolveHost } from "../input/hosts.js";
import type { ObjectRef } from "../input/kube-object.js";

/**
 * A VirtualService of the mesh, as far as it adds services to what a sidecar imports: its hosts
 * decide whether it is imported, its destinations are what it adds.
 */
export interface VirtualService {
  ref: ObjectRef;
  created: number;
  hosts: readonly string[];
  /** Namespaces it is exported to, or `*`. */
  exportTo: readonly string[];
  /** Its own destinations and its delegates'. */
  destinations: readonly (Destination & { sources: readonly string[] })[];
  /** It is a route of the Gateway API: what it is for has to be imported as a service has. */
  isGatewayApi?: true;
  madeName?: string;
}

/** Where a route leads: a host, and a port's number or 0 where none is named. */
interface Destination {
  host: string;
  port: number;
}

interface HttpRoute {
  /** The namespace that each match wants the caller to be in; "" for any. */
  sources: readonly string[];
  routed: readonly Destination[];
  mirror: readonly Destination[];
  mirrors: readonly Destination[];
}

type Facts = Pick<MeshFacts, "clusterDomain" | "defaultVirtualServiceExportTo" | "istioVersion">;

/** Completes a host with the namespace of the object that it is written in. */
type Resolve = (host: string) => string;

/**
 * Reads the VirtualServices that are bound to the mesh, each with the routes of its delegates in
 * their places (pilot/pkg/model/virtualservice_controller.go). Delegates have no hosts, hold for
 * nobody by themselves, and delegate no further.
 */
export function readVirtualServices(objects: readonly Plain[], facts: Facts): VirtualService[] {
  const delegates = new Map(
    objects.filter(isDelegate).map((object) => [nameText(refOf(object)), object]),
  );
  return objects
    .filter((object) => !isDelegate(object) && isOfMesh(object))
    .map((object) => readRoot(object, delegates, facts));
}

/** Whether it has no hosts of its own: others may refer to it. */
export function isDelegate(object: Plain): boolean {
  return items(at(object, "spec", "hosts")).length === 0;
}

function isOfMesh(object: Plain): boolean {
  const gateways = texts(at(object, "spec", "gateways"));
  return gateways.length === 0 || gateways.includes("mesh");
}

export function nameText({ namespace, name }: Pick<ObjectRef, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

function readRoot(
  object: Plain,
  delegates: ReadonlyMap<string, Plain>,
  facts: Facts,
): VirtualService {
  const { clusterDomain } = facts;
  const ref = refOf(object);
  const spec = at(object, "spec");
  const resolve = resolver(object, clusterDomain);
  const http = items(at(spec, "http"))
    .filter(isPlain)
    .flatMap((route) => {
      if (!isPlain(route.delegate)) return [readHttpRoute(route, resolve)];
      const delegate = delegates.get(nameText(delegateOf(route.delegate, ref.namespace)));
      if (!delegate || !isExportedTo(delegate, ref.namespace, facts)) return [];
      const root = readHttpRoute(route, resolve);
      return httpRoutesOf(delegate, clusterDomain).flatMap((own) => under(root, own));
    });
  return {
    ref,
    created: creationTime(object),
    hosts: texts(at(spec, "hosts")).map(resolve),
    exportTo: exportToOf(object, {
      ...facts,
      defaultVirtualServiceExportTo: readDefaultExportTo(
        facts.defaultVirtualServiceExportTo,
        facts,
      ),
    }),
    destinations: [
      ...http.flatMap(({ sources, routed, mirror, mirrors }) =>
        [...routed, ...mirror, ...mirrors].map((destination) => ({
          ...destination,
          // A match that names no namespace restricts nothing.
          sources: sources.filter((source) => source !== ""),
        })),
      ),
      ...["tcp", "tls"].flatMap((protocol) =>
        items(at(spec, protocol)).flatMap((route) =>
          destinationsIn(at(route, "route"), resolve).map((to) => ({ ...to, sources: [] })),
        ),
      ),
    ],
  };
}

/** The VirtualService that a route delegates to; its namespace defaults to the route's own. */
export function delegateOf(
  delegate: Plain,
  namespace: string,
): Pick<ObjectRef, "namespace" | "name"> {
  return { namespace: text(delegate.namespace) || namespace, name: text(delegate.name) };
}

function resolver(object: Plain, clusterDomain: string): Resolve {
  const { namespace } = refOf(object);
  return (host) => resolveHost(host, namespace, clusterDomain);
}

/** Namespaces that a VirtualService is exported to, its own by name; `*` for all. */
export function exportToOf(object: Plain, { defaultVirtualServiceExportTo }: Facts): string[] {
  const own = texts(at(object, "spec", "exportTo"));
  const exportTo = own.length > 0 ? own : defaultVirtualServiceExportTo;
  return exportTo.map((namespace) => (namespace === "." ? refOf(object).namespace : namespace));
}

/** Whether a namespace may refer to a VirtualService. */
export function isExportedTo(object: Plain, namespace: string, facts: Facts): boolean {
  const exportTo = exportToOf(object, facts);
  return exportTo.includes("*") || exportTo.includes(namespace);
}

function httpRoutesOf(object: Plain, clusterDomain: string): HttpRoute[] {
  const resolve = resolver(object, clusterDomain);
  return items(at(object, "spec", "http"))
    .filter(isPlain)
    .map((route) => readHttpRoute(route, resolve));
}

function readHttpRoute(route: Plain, resolve: Resolve): HttpRoute {
  return {
    sources: items(route.match).map((match) => text(at(match, "sourceNamespace"))),
    routed: destinationsIn(route.route, resolve),
    mirror: destinationsIn([{ destination: route.mirror }], resolve),
    mirrors: destinationsIn(route.mirrors, resolve),
  };
}

function destinationsIn(routed: unknown, resolve: Resolve): Destination[] {
  return items(routed)
    .map((entry) => at(entry, "destination"))
    .filter(isPlain)
    .map((destination) => ({
      host: resolve(text(destination.host)),
      port: wholeNumber(at(destination, "port", "number")) ?? 0,
    }));
}

/**
 * A delegate's route in the place of the one that delegates, if each of its matches fits one there.
 * Only the callers' namespaces are compared: where other parts of the matches conflict, istiod
 * leaves the route out, and here its destinations count all the same.
 */
function under(root: HttpRoute, own: HttpRoute): HttpRoute[] {
  const sources = own.sources.length > 0 ? own.sources : root.sources;
  const fitsIn = (source: string) =>
    root.sources.length === 0 || root.sources.some((above) => above === "" || above === source);
  if (!sources.every(fitsIn)) return [];
  return [
    {
      sources,
      routed: own.routed,
      mirror: own.mirror.length > 0 ? own.mirror : root.mirror,
      mirrors: own.mirrors.length > 0 ? own.mirrors : root.mirrors,
    },
  ];
}
