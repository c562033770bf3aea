/** The minor version of a version; undefined for one that isn't Istio's. */
function minorOf(version: string): number | undefined {
  const match = /^1\.(\d+)/.exec(version);
  return match ? Number(match[1]) : undefined;
}

/**
 * The minor versions that lie between two versions, in the order in which an upgrade, or a way back, passes
 * them; neither end is among them.
 */
export function minorsBetween(from: string, to: string): string[] {
  const [first, last] = [minorOf(from), minorOf(to)];
  if (first === undefined || last === undefined) return [];
  const step = last < first ? -1 : 1;
  const count = Math.max(0, Math.abs(last - first) - 1);
  return Array.from({ length: count }, (_, index) => `1.${first + step * (index + 1)}`);
}
