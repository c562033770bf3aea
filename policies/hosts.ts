import type { KubeObject } from "../mesh/index.js";
import { map, optionalText } from "./fields.js";
import type { ResolvedSettings } from "./settings.js";
import { refOf } from "./stack-object.js";

/**
 * A rule's host as istiod completes it: a name without a dot is a Service of the rule's own
 * namespace, everything else is taken as it is. Undefined where it isn't known.
 */
export function fullHost(object: KubeObject, { mesh }: ResolvedSettings): string | undefined {
  const host = optionalText(map(object.spec).host);
  if (host === undefined || host === "" || host === "*" || host.includes(".")) return host;
  const { namespace } = refOf({ object });
  return namespace ? `${host}.${namespace}${serviceSuffix(mesh)}` : undefined;
}

/** The Service whose host this is, as `namespace/name`; undefined for any other host. */
export function aliasOf(host: string, { mesh }: ResolvedSettings): string | undefined {
  const suffix = serviceSuffix(mesh);
  const [name, namespace, ...rest] = host.endsWith(suffix)
    ? host.slice(0, -suffix.length).split(".")
    : [];
  return name && namespace && rest.length === 0 ? `${namespace}/${name}` : undefined;
}

/** A Service's own host. */
export function serviceHost(
  { namespace, name }: { namespace: string; name: string },
  { mesh }: ResolvedSettings,
): string {
  return `${name}.${namespace}${serviceSuffix(mesh)}`;
}

function serviceSuffix({ clusterDomain = "cluster.local" }: ResolvedSettings["mesh"]): string {
  return `.svc.${clusterDomain}`;
}
