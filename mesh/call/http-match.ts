import { at, fits, isPlain, text, type Plain } from "../input/plain.js";
import type { Caller } from "./filter-chains.js";
import type { HttpMatch, HttpRoute } from "../scope/routing-rule.js";

/** A request as far as routes look at it. A call is `GET /` with no header but its Host. */
export interface HttpRequest {
  host: string;
  path: string;
}

/**
 * Whether a match is among the routes that a proxy is sent (`sourceMatchHTTP`): what names gateways is for
 * those, whatever else it says of callers.
 */
export function isSent(match: HttpMatch, gateway: string, caller: Caller, port: number): boolean {
  if (match.port !== 0 && match.port !== port) return false;
  if (match.gateways.length > 0) return match.gateways.includes(gateway);
  return (
    fits(match.sourceLabels, caller.labels) &&
    (match.sourceNamespace === "" || match.sourceNamespace === caller.namespace)
  );
}

/** The routes of one VirtualService that a proxy is sent for a port, each with the match that it came from. */
export function sentRoutes(
  routes: readonly HttpRoute[],
  gateway: string,
  caller: Caller,
  port: number,
): { route: HttpRoute; match?: HttpMatch }[] {
  return routes.flatMap((route) =>
    route.matches.length === 0
      ? [{ route }]
      : route.matches
          .filter((match) => isSent(match, gateway, caller, port))
          .map((match) => ({ route, match })),
  );
}

/** Whether a request fits a match. */
export function fitsRequest(match: HttpMatch | undefined, request: HttpRequest): boolean {
  if (!match) return true;
  const { raw } = match;
  const ignoresCase = raw.ignoreUriCase === true;
  const path = ignoresCase ? request.path.toLowerCase() : request.path;
  const uri = ignoresCase && isPlain(raw.uri) ? lowered(raw.uri) : raw.uri;
  return (
    fitsText(uri, path) &&
    fitsText(raw.method, "GET") &&
    fitsText(raw.authority, request.host) &&
    fitsText(raw.scheme, "http") &&
    Object.entries(isPlain(raw.headers) ? raw.headers : {}).every(([name, wanted]) =>
      fitsHeader(name, wanted, request),
    ) &&
    Object.entries(isPlain(raw.withoutHeaders) ? raw.withoutHeaders : {}).every(
      ([name, unwanted]) => !fitsHeader(name, unwanted, request),
    ) &&
    Object.keys(isPlain(raw.queryParams) ? raw.queryParams : {}).length === 0
  );
}

function fitsHeader(name: string, wanted: unknown, request: HttpRequest): boolean {
  const value = { ":authority": request.host, host: request.host, ":method": "GET" }[
    name.toLowerCase()
  ];
  return value !== undefined && fitsText(wanted, value);
}

function lowered(match: Plain): Plain {
  return Object.fromEntries(
    Object.entries(match).map(([name, value]) => [
      name,
      name !== "regex" && typeof value === "string" ? value.toLowerCase() : value,
    ]),
  );
}

/** A `StringMatch`; without one of its kinds any value will do. */
function fitsText(match: unknown, value: string): boolean {
  if (!isPlain(match)) return true;
  if (typeof match.exact === "string") return value === match.exact;
  if (typeof match.prefix === "string") return value.startsWith(match.prefix);
  // A prefix of the Gateway API's.
  if (typeof match.segments === "string") return `${value}/`.startsWith(`${match.segments}/`);
  if (typeof at(match, "regex") !== "string") return true;
  try {
    return new RegExp(`^(?:${text(match.regex)})$`, "u").test(value);
  } catch {
    return false;
  }
}
