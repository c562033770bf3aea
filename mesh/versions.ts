import type { MeshFacts } from "./facts.js";

/** The minor of a 1.x version; anything that can't be read counts as the newest. */
function minorOf(version: string): number {
  const match = /^v?1\.(\d+)/.exec(version);
  return match ? Number(match[1]) : Infinity;
}

/**
 * Whether an ExternalName Service is an alias of its target, without a cluster of its own:
 * always from Istio 1.24; by default from 1.21; if asked for in 1.20; never before.
 */
export function externalNameIsAlias(
  facts: Pick<MeshFacts, "istioVersion" | "externalNameAlias">,
): boolean {
  const minor = minorOf(facts.istioVersion);
  if (minor >= 24) return true;
  if (minor < 20) return false;
  return facts.externalNameAlias ?? minor >= 21;
}
