import {
  at,
  creationTime,
  isPlain,
  items,
  refOf,
  text,
  texts,
  wholeNumber,
  type Plain,
} from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { Destination, HttpRoute, L4Route, RoutingRule } from "./rules.js";

/** The kinds of routes of the Gateway API, and what they route. */
const ROUTES: Readonly<Record<string, "http" | "tls" | "tcp">> = {
  HTTPRoute: "http",
  GRPCRoute: "http",
  TLSRoute: "tls",
  TCPRoute: "tcp",
};

/** What a route hangs on: a service that sidecars call, or a Gateway. */
interface Parent {
  /** `mesh`, or `namespace/name` of the Gateway. */
  gateway: string;
  hosts: readonly string[];
  /** The port of the parent that it is for; 0: every one. */
  port: number;
}

/**
 * Routes of the Gateway API, read as the VirtualServices that istiod makes of them
 * (pilot/pkg/config/kube/gateway): one for each parent and host. Those of one namespace for one service are
 * one, with the most specific matches first.
 */
export function readGatewayApiRoutes(mesh: Mesh): RoutingRule[] {
  const rules = new Map<string, RoutingRule>();
  for (const object of mesh.objects) {
    const protocol = ROUTES[text(object.kind)];
    if (!protocol || !text(object.apiVersion).startsWith("gateway.networking.k8s.io/")) continue;
    const { namespace } = refOf(object);
    for (const parent of parentsOf(mesh, object)) {
      for (const host of parent.hosts) {
        const rule = ruleOf(mesh, object, protocol, parent, host);
        const key = [namespace, parent.gateway, parent.port, host, protocol].join("|");
        const same = rules.get(key);
        rules.set(key, same ? { ...same, http: sorted([...same.http, ...rule.http]) } : rule);
      }
    }
  }
  return [...rules.values()];
}

function parentsOf(mesh: Mesh, object: Plain): Parent[] {
  const own = refOf(object).namespace;
  const names = texts(at(object, "spec", "hostnames"));
  const { clusterDomain } = mesh.facts;
  return items(at(object, "spec", "parentRefs")).flatMap((parent): Parent[] => {
    const kind = text(at(parent, "kind")) || "Gateway";
    const namespace = text(at(parent, "namespace")) || own;
    const name = text(at(parent, "name"));
    const port = wholeNumber(at(parent, "port")) ?? 0;
    if (kind === "Service") {
      return [{ gateway: "mesh", hosts: [`${name}.${namespace}.svc.${clusterDomain}`], port }];
    }
    if (kind === "ServiceEntry") {
      const entry = mesh.byKind.ServiceEntry.find((one) => {
        const ref = refOf(one);
        return ref.namespace === namespace && ref.name === name;
      });
      return [{ gateway: "mesh", hosts: texts(at(entry, "spec", "hosts")), port }];
    }
    if (kind !== "Gateway") return [];
    return [{ gateway: `${namespace}/${name}`, hosts: names.length > 0 ? names : ["*"], port }];
  });
}

function ruleOf(
  mesh: Mesh,
  object: Plain,
  protocol: "http" | "tls" | "tcp",
  { gateway, port }: Parent,
  host: string,
): RoutingRule {
  const read = items(at(object, "spec", "rules")).filter(isPlain);
  const base: RoutingRule = {
    ref: refOf(object),
    created: creationTime(object),
    hosts: [host],
    exportTo: ["*"],
    gateways: [gateway],
    http: [],
    tls: [],
    tcp: [],
    isGatewayApi: true,
  };
  if (protocol === "http") {
    return { ...base, http: sorted(read.flatMap((rule) => httpRoutes(mesh, object, rule, port))) };
  }
  const names = texts(at(object, "spec", "hostnames"));
  const sniHosts = protocol === "tcp" ? [] : names.length > 0 ? names : ["*"];
  const routes = read.map((rule): L4Route => ({
    matches: [{ ...ANYONE, port, sniHosts, subnets: [] }],
    destinations: destinationsOf(mesh, object, rule),
  }));
  return { ...base, [protocol]: routes };
}

const ANYONE = { gateways: [], sourceLabels: {}, sourceNamespace: "", port: 0 };

/** Each match is a route of its own. */
function httpRoutes(mesh: Mesh, object: Plain, rule: Plain, port: number): HttpRoute[] {
  const filters = items(rule.filters).filter(isPlain);
  const destinations = destinationsOf(mesh, object, rule);
  const authority = filters
    .map((filter) => text(at(filter, "urlRewrite", "hostname")))
    .find((name) => name !== "");
  const route: Omit<HttpRoute, "matches"> = {
    destinations,
    // Without a backend that gets anything the proxy answers with an error of its own.
    responds:
      filters.some(({ type }) => type === "RequestRedirect") ||
      destinations.every(({ weight }) => weight === 0),
    ...(authority === undefined ? {} : { authority }),
  };
  const matches = items(rule.matches).filter(isPlain);
  return (matches.length > 0 ? matches : [{}]).map((match) => ({
    ...route,
    matches: [{ ...ANYONE, port, raw: rawMatch(match) }],
  }));
}

/** A match in the form of a VirtualService's. */
function rawMatch(match: Plain): Plain {
  const path = at(match, "path");
  const value = text(at(path, "value")) || "/";
  const type = text(at(path, "type")) || "PathPrefix";
  const raw: Record<string, unknown> = {};
  if (type === "Exact") raw.uri = { exact: value };
  else if (type === "RegularExpression") raw.uri = { regex: value };
  else if (value !== "/") raw.uri = { regex: `${escaped(value.replace(/\/$/, ""))}(/.*)?` };
  const method = at(match, "method");
  if (typeof method === "string") raw.method = { exact: method };
  else if (isPlain(method)) {
    // gRPC: /service/method.
    raw.uri = { prefix: `/${text(method.service)}/${text(method.method)}` };
  }
  for (const [from, to] of [
    ["headers", "headers"],
    ["queryParams", "queryParams"],
  ] as const) {
    const wanted = items(match[from]).filter(isPlain);
    if (wanted.length === 0) continue;
    raw[to] = Object.fromEntries(
      wanted.map((one) => {
        const isRegex = one.type === "RegularExpression";
        return [text(one.name), { [isRegex ? "regex" : "exact"]: text(one.value) }];
      }),
    );
  }
  return raw;
}

function escaped(value: string): string {
  return value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The most specific first: exact paths, longer ones, then those that want more. */
function sorted(routes: readonly HttpRoute[]): HttpRoute[] {
  const rank = ({ matches: [match] }: HttpRoute): number[] => {
    const raw: Plain = match?.raw ?? {};
    const path = raw.uri;
    const length = text(at(path, "exact")).length || text(at(path, "regex")).length;
    const count = (map: unknown) => (isPlain(map) ? Object.keys(map).length : 0);
    return [
      at(path, "exact") === undefined ? 0 : 1,
      length,
      raw.method === undefined ? 0 : 1,
      count(raw.headers),
      count(raw.queryParams),
    ];
  };
  return [...routes].sort((a, b) => {
    const [one, other] = [rank(a), rank(b)];
    const place = one.findIndex((value, index) => value !== other[index]);
    return place < 0 ? 0 : (other[place] ?? 0) - (one[place] ?? 0);
  });
}

function destinationsOf(mesh: Mesh, object: Plain, rule: Plain): Destination[] {
  const own = refOf(object).namespace;
  return items(rule.backendRefs)
    .filter(isPlain)
    .map((backend) => {
      const kind = text(backend.kind) || "Service";
      const namespace = text(backend.namespace) || own;
      const name = text(backend.name);
      const host =
        kind === "Hostname" ? name : `${name}.${namespace}.svc.${mesh.facts.clusterDomain}`;
      const isAllowed = namespace === own || isGranted(mesh, object, namespace, kind, name);
      const destination: Destination = {
        // What may not be referred to is nowhere.
        host: isAllowed ? host : "",
        subset: "",
        weight: wholeNumber(backend.weight) ?? 1,
      };
      const port = wholeNumber(backend.port);
      return port === undefined ? destination : { ...destination, port };
    });
}

/** Whether a ReferenceGrant lets routes of another namespace refer to a backend. */
function isGranted(
  { objects }: Mesh,
  route: Plain,
  namespace: string,
  kind: string,
  name: string,
): boolean {
  return objects.some(
    (grant) =>
      grant.kind === "ReferenceGrant" &&
      refOf(grant).namespace === namespace &&
      items(at(grant, "spec", "from")).some(
        (from) =>
          at(from, "kind") === route.kind && at(from, "namespace") === refOf(route).namespace,
      ) &&
      items(at(grant, "spec", "to")).some(
        (to) => at(to, "kind") === kind && [undefined, "", name].includes(at(to, "name") as string),
      ),
  );
}
