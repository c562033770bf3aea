import {
  at,
  isUnknown,
  type Mesh,
  resolvePolicy,
  type DestinationRule,
  type TlsMode,
  type Verdict,
  tlsBlock,
} from "../../mesh/index.js";

/** What the owner of an alias declared; `none`: nothing, `unknown`: not known in this preview. */
export type DeclaredTls = TlsMode | "none" | "unknown";

/**
 * The TLS intent for one port and subset of an alias: what the rule says that stands beside the
 * alias, in its namespace, and names it in full. Any other rule has another author.
 */
export function declaredTls(mesh: Mesh, { alias, host, port, subset }: Verdict): DeclaredTls {
  const beside = mesh.rules.filter(({ ref }) => ref.namespace === alias.namespace);
  const own = mesh.services.find(({ ref }) => ref.kind === alias.kind && sameName(ref, alias));
  const rule =
    beside.find((rule) => rule.host === (own?.host ?? host)) ??
    beside.find((rule) => rule.host === host);
  if (!rule) return beside.some(hasUnknownHost) ? "unknown" : "none";
  const chosen = rule.subsets.find(({ name }) => name === subset);
  const { tls, level } = resolvePolicy(rule.policy, chosen, port);
  if (!tls || !level) return hasUnknownPolicy(rule) ? "unknown" : "none";
  const mode = at(tlsBlock(rule.object, { level, port, subset }), "mode");
  return isUnknown(mode) ? "unknown" : tls.mode;
}

function sameName(a: { namespace: string; name: string }, b: typeof a): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

function hasUnknownHost({ object }: DestinationRule): boolean {
  return isUnknown(object.spec) || isUnknown(at(object, "spec", "host"));
}

function hasUnknownPolicy({ object }: DestinationRule): boolean {
  const policy = at(object, "spec", "trafficPolicy");
  return isUnknown(policy) || isUnknown(at(policy, "tls"));
}
