import type { Mesh } from "../mesh.js";
import type { Service } from "../registry/service.js";
import { importsAlias } from "../scope/imported-service.js";
import { terminalOf } from "../registry/external-names.js";
import type { EgressListener } from "./view.js";

const known = new WeakMap<Mesh, ReadonlyMap<string, readonly string[]>>();

/** The hosts of ExternalNames that end at each host. */
function aliasesByTarget(mesh: Mesh): ReadonlyMap<string, readonly string[]> {
  let aliases = known.get(mesh);
  if (!aliases) {
    const byTarget = new Map<string, string[]>();
    for (const service of mesh.services) {
      if (service.resolution !== "alias") continue;
      const target = terminalOf(mesh, service);
      if (target === undefined) continue;
      const same = byTarget.get(target);
      if (same) same.push(service.host);
      else byTarget.set(target, [service.host]);
    }
    aliases = byTarget;
    known.set(mesh, aliases);
  }
  return aliases;
}

const registered = new WeakMap<Mesh, boolean>();

/** Whether anything that Istio knows has another name. */
export function hasAliases(mesh: Mesh): boolean {
  let answer = registered.get(mesh);
  if (answer === undefined) {
    answer = [...aliasesByTarget(mesh).keys()].some((host) => mesh.registry.of(host).length > 0);
    registered.set(mesh, answer);
  }
  return answer;
}

/** ExternalNames that are other names of a service (`resolveServiceAliases`), as far as a listener imports them. */
export function aliasesOf(mesh: Mesh, { imports }: EgressListener, service: Service): string[] {
  const all = aliasesByTarget(mesh).get(service.host) ?? [];
  return all.filter((alias) => imports === undefined || importsAlias(imports, alias, service));
}
