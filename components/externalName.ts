import type { MeshFacts } from "../mesh/facts.js";

/** Whether an Istio version (`major.minor` or longer) is older than another. */
export function isBefore(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/**
 * Whether this Istio reads an ExternalName Service as an alias without a cluster of its own, so
 * that a DestinationRule on it does nothing. Mirrors ENABLE_EXTERNAL_NAME_ALIAS: added in 1.20
 * (off), on from 1.21, no choice from 1.24.
 */
export function externalNameIsAlias(
  facts: Pick<MeshFacts, "istioVersion" | "externalNameAlias">,
): boolean {
  if (isBefore(facts.istioVersion, "1.20")) return false;
  if (!isBefore(facts.istioVersion, "1.24")) return true;
  return facts.externalNameAlias ?? !isBefore(facts.istioVersion, "1.21");
}
