/** What is there already, as an import looks things up in it. */
import { at, groupOf, isPlain, items, type ObjectRef, type Plain, text } from "../../mesh/index.js";

/** The objects of a cluster, or of files, by kind, namespace and name. */
export class ObjectsThere {
  readonly #byKey = new Map<string, Plain>();

  constructor(readonly objects: readonly Plain[]) {
    for (const object of objects) this.#byKey.set(keyOf(object), object);
  }

  /** The object of the same group, kind, namespace and name, in whatever version. */
  same(object: Plain): Plain | undefined {
    return this.#byKey.get(keyOf(object));
  }

  find(apiVersion: string, kind: string, namespace: string, name: string): Plain | undefined {
    return this.same({ apiVersion, kind, metadata: { namespace, name } });
  }

  /** Slices that somebody wrote for a Service; those that Kubernetes mirrors from Endpoints are left out. */
  slicesOf(namespace: string, service: string): Plain[] {
    return this.objects.filter(
      (object) =>
        object.kind === "EndpointSlice" &&
        refOf(object).namespace === namespace &&
        labelsOf(object)["kubernetes.io/service-name"] === service &&
        !isMirrored(object),
    );
  }
}

/** Whether Kubernetes made a slice of somebody's Endpoints. */
export function isMirrored(slice: Plain): boolean {
  const manager = labelsOf(slice)["endpointslice.kubernetes.io/managed-by"];
  return manager === "endpointslicemirroring-controller.k8s.io";
}

/** Who has written an object until now, as the API server knows them. */
export function managersOf(object: Plain): string[] {
  const managers = mapsAt(object["metadata"], "managedFields").map((entry) =>
    text(entry["manager"]),
  );
  return [...new Set(managers)].sort();
}

/** Names an object. */
export function refOf(object: Plain): ObjectRef {
  const metadata = object["metadata"];
  return {
    kind: text(object["kind"]),
    namespace: text(at(metadata, "namespace")) || "default",
    name: text(at(metadata, "name")),
  };
}

export function labelsOf(object: Plain): Plain {
  const labels = at(object["metadata"], "labels");
  return isPlain(labels) ? labels : {};
}

/** The maps of a list at a path. */
export function mapsAt(object: unknown, ...path: string[]): Plain[] {
  return items(at(object, ...path)).filter(isPlain);
}

function keyOf(object: Plain): string {
  const { kind, namespace, name } = refOf(object);
  return JSON.stringify([groupOf(text(object["apiVersion"])), kind, namespace, name]);
}
