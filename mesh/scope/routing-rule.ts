import { resolveHost } from "../input/hosts.js";
import type { ObjectRef } from "../input/kube-object.js";
import {
  at,
  isPlain,
  items,
  labelsOf,
  text,
  texts,
  wholeNumber,
  type Labels,
  type Plain,
} from "../input/plain.js";

/** A `Destination` of a route, its host completed. */
export interface Destination {
  host: string;
  /** Absent: the port is inferred. */
  port?: number;
  subset: string;
  weight: number;
}

/** What decides before any traffic whether a match holds for a proxy. */
export interface SourceMatch {
  gateways: readonly string[];
  sourceLabels: Labels;
  sourceNamespace: string;
  port: number;
}

/** One match of an `http` route; `raw` is what is compared with a request. */
export interface HttpMatch extends SourceMatch {
  raw: Plain;
}

/** One `http` route, or one that a delegate gave. */
export interface HttpRoute {
  /** Empty: everything. */
  matches: readonly HttpMatch[];
  destinations: readonly Destination[];
  /** The proxy answers by itself. */
  responds: boolean;
  /** `rewrite.authority`. */
  authority?: string;
  /** What gets copies of requests; read of routes of the Gateway API. */
  mirrors?: readonly Destination[];
  /** The object that has it, where the rule holds routes of several. */
  from?: ObjectRef;
}

/** One match of a `tls` or `tcp` route. */
export interface L4Match extends SourceMatch {
  sniHosts: readonly string[];
  subnets: readonly string[];
}

/** One `tls` or `tcp` route. */
export interface L4Route {
  matches: readonly L4Match[];
  destinations: readonly Destination[];
}

/** All the routes of a VirtualService, or of a route of the Gateway API read as one. */
export interface RoutingRule {
  ref: ObjectRef;
  created: number;
  hosts: readonly string[];
  /** Namespaces it is exported to, or `*`. */
  exportTo: readonly string[];
  /** `mesh`, and gateways as `namespace/name`. */
  gateways: readonly string[];
  http: readonly HttpRoute[];
  tls: readonly L4Route[];
  tcp: readonly L4Route[];
  /** It is a route of the Gateway API, which holds for callers or servers of its own namespace only. */
  isGatewayApi?: true;
  /** The name by which istiod puts it in order, where it makes one from objects of other names. */
  madeName?: string;
}

/** Completes hosts and gateways with the namespace of the object that they are written in. */
export interface Completion {
  namespace: string;
  clusterDomain: string;
}

/** Reads one `http` route of a VirtualService. */
export function readHttpRoute(raw: Plain, place: Completion): HttpRoute {
  const route: HttpRoute = {
    matches: items(raw.match)
      .filter(isPlain)
      .map((match) => ({ ...readSource(match, place), raw: match })),
    destinations: readDestinations(raw.route, place),
    responds: isPlain(raw.redirect) || isPlain(raw.directResponse),
  };
  const authority = text(at(raw, "rewrite", "authority"));
  if (authority !== "") route.authority = authority;
  return route;
}

/** Reads one `tls` or `tcp` route of a VirtualService. */
export function readL4Route(raw: Plain, place: Completion): L4Route {
  return {
    matches: items(raw.match)
      .filter(isPlain)
      .map((match) => ({
        ...readSource(match, place),
        sniHosts: texts(match.sniHosts),
        subnets: texts(match.destinationSubnets),
      })),
    destinations: readDestinations(raw.route, place),
  };
}

function readSource(match: Plain, place: Completion): SourceMatch {
  return {
    gateways: texts(match.gateways).map((name) => gatewayName(name, place)),
    sourceLabels: labelsOf(match.sourceLabels),
    sourceNamespace: text(match.sourceNamespace),
    port: wholeNumber(match.port) ?? 0,
  };
}

function readDestinations(routed: unknown, { namespace, clusterDomain }: Completion) {
  return items(routed).flatMap((entry): Destination[] => {
    const to = at(entry, "destination");
    if (!isPlain(to)) return [];
    const destination: Destination = {
      host: resolveHost(text(to.host), namespace, clusterDomain),
      subset: text(to.subset),
      weight: wholeNumber(at(entry, "weight")) ?? 0,
    };
    const port = wholeNumber(at(to, "port", "number"));
    if (port !== undefined && port !== 0) destination.port = port;
    return [destination];
  });
}

/** `namespace/name` of a gateway; `mesh` is every sidecar. */
export function gatewayName(name: string, { namespace, clusterDomain }: Completion): string {
  if (name === "mesh" || name.includes("/")) return name.replace(/^\.\//, `${namespace}/`);
  // `name.namespace.svc.domain`, as gateways were once named.
  const [first = "", second] = name.endsWith(`.svc.${clusterDomain}`) ? name.split(".") : [];
  return second === undefined ? `${namespace}/${name}` : `${second}/${first}`;
}
