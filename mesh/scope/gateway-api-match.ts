import { at, isPlain, items, text, type Plain } from "../input/plain.js";
import type { HttpRoute } from "./routing-rule.js";

/** A match of an HTTPRoute or a GRPCRoute in the form of a VirtualService's. */
export function matchOf(match: Plain): Plain {
  const raw: Record<string, unknown> = {};
  const isGrpc = isPlain(match.method);
  const uri = isGrpc ? grpcPath(match.method as Plain) : httpPath(match.path);
  if (uri) raw.uri = uri;
  if (typeof match.method === "string") raw.method = { exact: match.method };
  for (const name of ["headers", "queryParams"]) {
    const wanted = items(match[name]).filter(isPlain);
    if (wanted.length === 0) continue;
    raw[name] = Object.fromEntries(
      wanted.map((one) => {
        const isRegex = one.type === "RegularExpression";
        return [text(one.name), { [isRegex ? "regex" : "exact"]: text(one.value) }];
      }),
    );
  }
  return raw;
}

/** A prefix covers whole segments of a path. The API server fills in that of every path. */
function httpPath(path: unknown): Plain {
  const value = text(at(path, "value")) || "/";
  switch (text(at(path, "type"))) {
    case "Exact":
      return { exact: value };
    case "RegularExpression":
      return { regex: value };
    default:
      return value === "/" ? { prefix: "/" } : { segments: value.replace(/\/$/, "") };
  }
}

/** The path of a gRPC method is `/service/method`. */
function grpcPath({ type, service, method }: Plain): Plain {
  const [ofService, ofMethod] = [text(service), text(method)];
  const isRegex = type === "RegularExpression";
  if (ofMethod === "") {
    return isRegex ? { regex: `/${ofService}/.+` } : { segments: `/${ofService}` };
  }
  if (ofService === "") return { regex: `/[^/]+/${ofMethod}` };
  return { [isRegex ? "regex" : "exact"]: `/${ofService}/${ofMethod}` };
}

const PATHS = ["regex", "prefix", "segments", "exact"];

/** The most specific first (`sortHTTPRoutes`): exact paths, then prefixes, longer ones, then those that want more. */
export function bySpecificity(routes: readonly HttpRoute[]): HttpRoute[] {
  return routes
    .map((route) => ({ route, rank: rankOf(route) }))
    .sort((a, b) => {
      const place = a.rank.findIndex((value, index) => value !== b.rank[index]);
      return place < 0 ? 0 : (b.rank[place] ?? 0) - (a.rank[place] ?? 0);
    })
    .map(({ route }) => route);
}

function rankOf({ matches: [match] }: HttpRoute): number[] {
  if (!match) return [-1];
  const { raw } = match;
  const kind = PATHS.find((one) => typeof at(raw.uri, one) === "string");
  const count = (map: unknown) => (isPlain(map) ? Object.keys(map).length : 0);
  return [
    0,
    // Prefixes of one kind or the other count the same.
    kind === undefined ? -1 : kind === "prefix" ? PATHS.indexOf("segments") : PATHS.indexOf(kind),
    kind === undefined ? 0 : text(at(raw.uri, kind)).length,
    raw.method === undefined ? 0 : 1,
    count(raw.headers),
    count(raw.queryParams),
  ];
}
