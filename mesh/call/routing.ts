import { readDefaultExportTo } from "../input/istio-version.js";
import {
  at,
  byCreation,
  creationTime,
  isPlain,
  items,
  refOf,
  texts,
  type Plain,
} from "../input/plain.js";
import { resolveHost } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import {
  delegateOf,
  exportToOf,
  isDelegate,
  isExportedTo,
  nameText,
} from "../scope/virtual-service.js";
import { mergeDelegate } from "./delegates.js";
import {
  gatewayName,
  readHttpRoute,
  readL4Route,
  type Completion,
  type HttpRoute,
  type RoutingRule,
} from "../scope/routing-rule.js";

const known = new WeakMap<object, readonly RoutingRule[]>();

/**
 * Every VirtualService with its delegates' routes in their places, and every route of the Gateway API, in
 * istiod's order: the oldest first.
 */
export function routingRulesOf(mesh: Mesh): readonly RoutingRule[] {
  let rules = known.get(mesh.byKind);
  if (!rules) {
    rules = [...readVirtualServices(mesh), ...mesh.gatewayApiRoutes].sort(byCreation);
    known.set(mesh.byKind, rules);
  }
  return rules;
}

function readVirtualServices({ byKind, facts }: Mesh): RoutingRule[] {
  const objects = byKind.VirtualService;
  const delegates = new Map(
    objects.filter(isDelegate).map((object) => [nameText(refOf(object)), object]),
  );
  const defaultVirtualServiceExportTo = readDefaultExportTo(
    facts.defaultVirtualServiceExportTo,
    facts,
  );
  const isFor = (delegate: Plain, namespace: string) => isExportedTo(delegate, namespace, facts);
  return objects
    .filter((object) => !isDelegate(object))
    .map((object): RoutingRule => {
      const ref = refOf(object);
      const place = { namespace: ref.namespace, clusterDomain: facts.clusterDomain };
      const spec = at(object, "spec");
      const gateways = texts(at(spec, "gateways")).map((name) => gatewayName(name, place));
      return {
        ref,
        created: creationTime(object),
        hosts: texts(at(spec, "hosts")).map((host) =>
          resolveHost(host, place.namespace, place.clusterDomain),
        ),
        exportTo: exportToOf(object, { ...facts, defaultVirtualServiceExportTo }),
        gateways: gateways.length > 0 ? gateways : ["mesh"],
        http: items(at(spec, "http"))
          .filter(isPlain)
          .flatMap((route) => httpRoutes(route, place, delegates, isFor)),
        tls: items(at(spec, "tls"))
          .filter(isPlain)
          .map((route) => readL4Route(route, place)),
        tcp: items(at(spec, "tcp"))
          .filter(isPlain)
          .map((route) => readL4Route(route, place)),
      };
    });
}

/** A route, or those of the VirtualService that it delegates to; none where that can't be found. */
function httpRoutes(
  raw: Plain,
  place: Completion,
  delegates: ReadonlyMap<string, Plain>,
  isFor: (delegate: Plain, namespace: string) => boolean,
): HttpRoute[] {
  const route = readHttpRoute(raw, place);
  if (!isPlain(raw.delegate)) return [route];
  const delegate = delegates.get(nameText(delegateOf(raw.delegate, place.namespace)));
  if (!delegate || !isFor(delegate, place.namespace)) return [];
  const own = { ...place, namespace: refOf(delegate).namespace };
  const routes = items(at(delegate, "spec", "http")).filter(isPlain);
  return mergeDelegate(
    route,
    routes.map((one) => readHttpRoute(one, own)),
  );
}
