import { isCoveredBy, isWildcard, overlaps } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import { apiServerHost, isDeployedGateway } from "../verdicts/location.js";

/** Whether something may have a host that no object here has. */
export function mayBeElsewhere(mesh: Mesh, host: string): boolean {
  return (
    mesh.facts.externalHosts.some((pattern) => overlaps(pattern, host)) ||
    isCoveredBy(apiServerHost(mesh), host) ||
    isDeployedGateway(mesh, host)
  );
}

/** A host that is there and looks much like one that isn't. */
export function hostLike(mesh: Mesh, host: string): string | undefined {
  if (isWildcard(host)) return undefined;
  return [...mesh.registry.hosts()].find((other) => isSlip(host, other));
}

/** Whether two names differ in one place only, by a letter or two: a slip of the hand. */
function isSlip(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  if (Math.abs(a.length - b.length) > 1 || a === b) return false;
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const longest = Math.max(a.length, b.length) - start - end;
  return longest <= 2 && start + end > longest;
}
