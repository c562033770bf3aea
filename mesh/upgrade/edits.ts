import { type KubeObject, type ObjectRef, objectText } from "../input/kube-object.js";
import { at, text } from "../input/plain.js";

/** One object to be written, or to be deleted, before an upgrade. */
export type Edit =
  | { action: "create" | "change"; object: KubeObject; why: string }
  | { action: "delete"; object: KubeObject; why: string };

/** The objects once edits are made, one after another. */
export function withEdits(objects: readonly KubeObject[], edits: readonly Edit[]): KubeObject[] {
  let edited = [...objects];
  for (const { action, object } of edits) {
    const key = objectText(objectRef(object));
    const index = edited.findIndex((one) => objectText(objectRef(one)) === key);
    if (action === "delete") edited = edited.filter((_, place) => place !== index);
    else if (index < 0) edited.push(object);
    else edited[index] = object;
  }
  return edited;
}

/** Names an object; the namespace of those that name none is `default`. */
export function objectRef(object: KubeObject): ObjectRef {
  return {
    kind: object.kind,
    namespace: text(at(object.metadata, "namespace")) || "default",
    name: text(at(object.metadata, "name")),
  };
}

/** What is created before an upgrade is younger than all that there is. */
export const CREATED = "2999-01-01T00:00:00Z";

/** An object as someone would write it. */
export function asWritten({ apiVersion, kind, metadata, ...rest }: KubeObject): KubeObject {
  const { name, namespace, labels, annotations } = metadata as Exclude<typeof metadata, symbol>;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: namespace ?? "default",
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
    spec: rest.spec,
  };
}
