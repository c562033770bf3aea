import {
  at,
  indexBy,
  isUnknown,
  type Mesh,
  objectText,
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
  const { rules, services } = lookupOf(mesh);
  const beside = rules.get(alias.namespace);
  const own = services.get(objectText(alias))?.[0];
  const rule = beside?.byHost.get(own?.host ?? host)?.[0] ?? beside?.byHost.get(host)?.[0];
  if (!rule) return beside?.hasUnknownHost ? "unknown" : "none";
  const chosen = rule.subsets.find(({ name }) => name === subset);
  const { tls, level } = resolvePolicy(rule.policy, chosen, port);
  if (!tls || !level) return hasUnknownPolicy(rule) ? "unknown" : "none";
  const mode = at(tlsBlock(rule.object, { level, port, subset }), "mode");
  return isUnknown(mode) ? "unknown" : tls.mode;
}

/** The rules of a mesh by namespace, and its services by what declares them: a posture has many rows. */
function lookupOf(mesh: Mesh) {
  const lookup = lookups.get(mesh) ?? {
    rules: new Map(
      [...indexBy(mesh.rules, ({ ref }) => ref.namespace)].map(([namespace, rules]) => [
        namespace,
        { byHost: indexBy(rules, ({ host }) => host), hasUnknownHost: rules.some(hasUnknownHost) },
      ]),
    ),
    services: indexBy(mesh.services, ({ ref }) => objectText(ref)),
  };
  lookups.set(mesh, lookup);
  return lookup;
}

interface RulesBeside {
  byHost: ReadonlyMap<string, readonly DestinationRule[]>;
  hasUnknownHost: boolean;
}

const lookups = new WeakMap<
  Mesh,
  {
    rules: ReadonlyMap<string, RulesBeside>;
    services: ReadonlyMap<string, readonly Mesh["services"][number][]>;
  }
>();

function hasUnknownHost({ object }: DestinationRule): boolean {
  return isUnknown(object.spec) || isUnknown(at(object, "spec", "host"));
}

function hasUnknownPolicy({ object }: DestinationRule): boolean {
  const policy = at(object, "spec", "trafficPolicy");
  return isUnknown(policy) || isUnknown(at(policy, "tls"));
}
