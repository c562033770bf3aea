import { at, creationTime, isPlain, items, refOf, text, texts, wholeNumber } from "./fields.js";
import type { Plain } from "./fields.js";
import { resolveHost } from "./hosts.js";
import type { ObjectRef } from "./objects.js";

/**
 * A VirtualService of the mesh, as far as it adds services to what a sidecar imports: its hosts
 * decide whether it is imported, its destinations are what it brings along.
 */
export interface VirtualService {
  ref: ObjectRef;
  created: number;
  hosts: readonly string[];
  /** Namespaces it is exported to, or `*`. */
  exportTo: readonly string[];
  /** Host and port number of each destination; 0 where no port is named. */
  destinations: readonly { host: string; port: number; sources: readonly string[] }[];
}

/** Reads a VirtualService, or nothing if it is bound to gateways only. */
export function readVirtualService(
  object: Plain,
  clusterDomain: string,
): VirtualService | undefined {
  const ref = refOf(object);
  const spec = at(object, "spec");
  const gateways = texts(at(spec, "gateways"));
  if (gateways.length > 0 && !gateways.includes("mesh")) return undefined;
  const resolve = (host: string) => resolveHost(host, ref.namespace, clusterDomain);
  const exportTo = texts(at(spec, "exportTo"));
  return {
    ref,
    created: creationTime(object),
    hosts: texts(at(spec, "hosts")).map(resolve),
    exportTo:
      exportTo.length === 0
        ? ["*"]
        : exportTo.map((namespace) => (namespace === "." ? ref.namespace : namespace)),
    destinations: ["http", "tcp", "tls"].flatMap((protocol) =>
      items(at(spec, protocol))
        .filter(isPlain)
        .flatMap((route) => {
          const sources = protocol === "http" ? sourceNamespaces(route) : [];
          return destinationsOf(route).map(({ host, port }) => ({
            host: resolve(host),
            port,
            sources,
          }));
        }),
    ),
  };
}

/** Namespaces that a route is limited to; empty if any match leaves the namespace open. */
function sourceNamespaces(route: Plain): string[] {
  const sources = items(route.match).map((match) => text(at(match, "sourceNamespace")));
  // istiod takes the last match that has no say as no change: only named ones restrict.
  return sources.filter((source) => source !== "");
}

function destinationsOf(route: Plain): { host: string; port: number }[] {
  const routed = [...items(route.route), ...items(route.mirrors)].map((entry) =>
    at(entry, "destination"),
  );
  return [...routed, route.mirror].filter(isPlain).map((destination) => ({
    host: text(destination.host),
    port: wholeNumber(at(destination, "port", "number")) ?? 0,
  }));
}
