import { type AliasCall } from "./calls.js";
import type { Edit } from "./edits.js";
import { type KubeObject, refText, objectText } from "../input/kube-object.js";
import { at } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import { exportedTo } from "../registry/registry.js";
import type { Service } from "../registry/service.js";
import { importedService } from "../scope/imported-service.js";

/** Hides from the callers those services of the host that only the new version gives them. */
export function hiddenServices(before: Mesh, after: Mesh, calls: readonly AliasCall[]): Edit[] {
  const hidden = new Map<
    string,
    { service: Service; from: Set<string>; instead: Service | undefined }
  >();
  for (const { client, host } of calls) {
    const [was, is] = [before, after].map((mesh) =>
      importedService(mesh, mesh.sidecarScopeOf(client), host),
    );
    if (!is?.object || (was && objectText(was.ref) === objectText(is.ref))) continue;
    const known = hidden.get(objectText(is.ref)) ?? { service: is, from: new Set(), instead: was };
    known.from.add(client.namespace);
    hidden.set(objectText(is.ref), known);
  }
  return [...hidden.values()].map(({ service, from, instead }) => ({
    action: "change",
    object: withExportTo(service, without(service, from)),
    why: `keeps it from ${[...from].join(", ")}, who is given ${instead ? refText(instead.ref) : "none"} today`,
  }));
}

function without(service: Service, namespaces: ReadonlySet<string>): string[] {
  const own = service.ref.namespace;
  const named = exportedTo(service)
    .map((namespace) => (namespace === "." ? own : namespace))
    .filter((namespace) => namespace !== "*" && !namespaces.has(namespace));
  if (named.length > 0) return named;
  return namespaces.has(own) ? ["~"] : ["."];
}

function withExportTo(service: Service, exportTo: string[]): KubeObject {
  const object = service.object as unknown as KubeObject;
  if (!service.fromKubernetes) return { ...object, spec: { ...(object.spec as object), exportTo } };
  const annotations = at(object.metadata, "annotations") as Record<string, string> | undefined;
  return {
    ...object,
    metadata: {
      ...(object.metadata as object),
      annotations: { ...annotations, "networking.istio.io/exportTo": exportTo.join(",") },
    },
  };
}
