import type { MeshFacts } from "../input/mesh-facts.js";

/**
 * The other names that a host is called by from a namespace (`GenerateAltVirtualHosts`): with a dot at
 * its end, and, for Services of the cluster, in the short forms that DNS completes.
 */
export function alternativeNames(
  host: string,
  namespace: string,
  { clusterDomain }: Pick<MeshFacts, "clusterDomain">,
): string[] {
  const names = [`${host}.`];
  const suffix = `.svc.${clusterDomain}`;
  const end = host.indexOf(".svc.");
  if (!host.endsWith(suffix) || end < 0) return names;
  const short = host.slice(0, end);
  const dot = short.indexOf(".");
  if (dot < 0) return names;
  names.push(short, `${short}.svc`);
  if (short.slice(dot + 1) === namespace) names.push(short.slice(0, dot));
  return names;
}

/** The full names that a name may be short for, when it is called from a namespace. */
export function fullNames(
  name: string,
  namespace: string,
  { clusterDomain }: Pick<MeshFacts, "clusterDomain">,
): string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const labels = name.split(".");
  if (labels.length === 1) return [`${name}.${namespace}.svc.${clusterDomain}`];
  return name.endsWith(".svc") ? [`${name}.${clusterDomain}`] : [`${name}.svc.${clusterDomain}`];
}
