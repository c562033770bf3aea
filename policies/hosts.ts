import type { KubeObject } from "../mesh/index.js";
import { map, text } from "./fields.js";
import type { ResolvedSettings } from "./settings.js";
import { refOf } from "./stack-object.js";

/**
 * A rule's host as istiod completes it: a name without a dot is a Service of the rule's own
 * namespace, everything else is taken as it is. Undefined where it isn't known.
 */
export function fullHost(object: KubeObject, { mesh }: ResolvedSettings): string | undefined {
  const host = text(map(object.spec).host);
  if (host === undefined || host === "" || host === "*" || host.includes(".")) return host;
  const { namespace } = refOf({ object });
  return namespace
    ? `${host}.${namespace}.svc.${mesh.clusterDomain ?? "cluster.local"}`
    : undefined;
}
