import type { MeshFacts } from "./mesh-facts.js";

type Version = Pick<MeshFacts, "istioVersion">;
type AliasFacts = Pick<MeshFacts, "istioVersion" | "externalNameAlias">;

/** What is wrong with a version as someone wrote it, and what to write; undefined if it is one of Istio's. */
export function istioVersionMistake(version: string): string | undefined {
  return /^1\.\d+(\.\d+)?([-+][\w.+-]+)?$/.test(version)
    ? undefined
    : `"${version}" isn't a version of Istio; write one such as "1.31"`;
}

/** Whether it is older than Istio 1.`minor`; anything that can't be read counts as the newest. */
export function isBefore(minor: number, { istioVersion }: Version): boolean {
  const match = /^v?1\.(\d+)/.exec(istioVersion);
  return match !== null && Number(match[1]) < minor;
}

/** Whether istiod has ENABLE_EXTERNAL_NAME_ALIAS: it came with Istio 1.20 and went with 1.24. */
export function hasAliasSwitch(facts: Version): boolean {
  return !isBefore(20, facts) && isBefore(24, facts);
}

/**
 * Whether an ExternalName Service is an alias of its target, without a cluster of its own:
 * always from Istio 1.24; by default from 1.21; if asked for in 1.20; never before.
 */
export function externalNameIsAlias(facts: AliasFacts): boolean {
  const byDefault = !isBefore(21, facts);
  return hasAliasSwitch(facts) ? (facts.externalNameAlias ?? byDefault) : byDefault;
}

/**
 * Whether a sidecar that is to start TLS, and is told of no certificates to trust, trusts the
 * system's: from Istio 1.21; before that it checks nothing (VERIFY_CERTIFICATE_AT_CLIENT).
 */
export function trustsSystemAuthorities(facts: Version): boolean {
  return !isBefore(21, facts);
}

/** Whether a Sidecar's egress hosts may take hosts away by `~`: from Istio 1.31. */
export function sidecarsExclude(facts: Version): boolean {
  return !isBefore(31, facts);
}

/**
 * Whether a VirtualService's destination that several namespaces register is a Service rather than
 * a ServiceEntry, and the oldest one: from Istio 1.30 (PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE).
 * Before that it is the one of the first namespace by name.
 */
export function picksBestNamespace(facts: Version): boolean {
  return !isBefore(30, facts);
}
