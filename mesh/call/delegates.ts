import { at, isPlain, text, type Labels } from "../input/plain.js";
import type { HttpMatch, HttpRoute } from "../scope/routing-rule.js";

/**
 * The routes of a delegate in the place of the one that delegates (pilot/pkg/model/virtualservice.go
 * `MergeHTTPRoutes`): a route whose matches fit none of the root's is left out.
 */
export function mergeDelegate(root: HttpRoute, delegate: readonly HttpRoute[]): HttpRoute[] {
  return delegate.flatMap((route) => {
    const matches = mergeMatches(root.matches, route.matches);
    if (!matches) return [];
    const authority = route.authority ?? root.authority;
    const responds = route.responds || root.responds;
    return [{ ...route, responds, matches, ...(authority === undefined ? {} : { authority }) }];
  });
}

function mergeMatches(
  root: readonly HttpMatch[],
  own: readonly HttpMatch[],
): readonly HttpMatch[] | undefined {
  if (root.length === 0) return own;
  if (own.length === 0) return root;
  const merged: HttpMatch[] = [];
  for (const match of own) {
    const above = root.filter((candidate) => !conflicts(candidate, match));
    if (above.length === 0) return undefined;
    merged.push(...above.map((candidate) => mergeMatch(candidate, match)));
  }
  return merged;
}

const STRINGS = ["uri", "scheme", "method", "authority"] as const;
const MAPS = ["headers", "withoutHeaders", "queryParams"] as const;

function mergeMatch(root: HttpMatch, own: HttpMatch): HttpMatch {
  const raw: Record<string, unknown> = { ...own.raw };
  for (const name of STRINGS) raw[name] ??= root.raw[name];
  for (const name of MAPS) {
    const [above, below] = [root.raw[name], own.raw[name]];
    if (isPlain(above)) raw[name] = { ...above, ...(isPlain(below) ? below : {}) };
  }
  return {
    raw,
    gateways: own.gateways.length > 0 ? own.gateways : root.gateways,
    sourceLabels: { ...root.sourceLabels, ...own.sourceLabels },
    sourceNamespace: own.sourceNamespace || root.sourceNamespace,
    port: own.port || root.port,
  };
}

function conflicts(root: HttpMatch, own: HttpMatch): boolean {
  if (STRINGS.some((name) => stringsConflict(root.raw[name], own.raw[name]))) return true;
  for (const name of MAPS) {
    const below = own.raw[name];
    if (!isPlain(below)) continue;
    const differs = (key: string) => stringsConflict(at(root.raw[name], key), below[key]);
    if (Object.keys(below).some(differs)) return true;
  }
  return (
    (root.raw.ignoreUriCase === true) !== (own.raw.ignoreUriCase === true) ||
    (root.port > 0 && own.port > 0 && root.port !== own.port) ||
    (root.sourceNamespace !== "" && own.sourceNamespace !== root.sourceNamespace) ||
    labelsConflict(root.sourceLabels, own.sourceLabels) ||
    gatewaysConflict(root.gateways, own.gateways)
  );
}

function labelsConflict(root: Labels, own: Labels): boolean {
  return Object.keys(own).some((key) => key in root && root[key] !== own[key]);
}

function gatewaysConflict(root: readonly string[], own: readonly string[]): boolean {
  if (root.length === 0 || own.length === 0) return false;
  return root.length < own.length || own.some((name) => !root.includes(name));
}

/** Whether what a delegate matches isn't within what the root does (`stringMatchConflict`). */
function stringsConflict(root: unknown, own: unknown): boolean {
  if (!isPlain(root) || !isPlain(own)) return false;
  if (text(root.regex) !== "" || text(own.regex) !== "") return true;
  const [exact, prefix] = [text(root.exact), text(root.prefix)];
  const [ownExact, ownPrefix] = [text(own.exact), text(own.prefix)];
  if (exact !== "") return ownPrefix !== "" || ownExact !== exact;
  const narrower = ownPrefix || ownExact;
  return prefix === "" || narrower === "" || !narrower.startsWith(prefix);
}
