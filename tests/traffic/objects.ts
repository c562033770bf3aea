import {
  type KubernetesObject,
  type KubernetesObjectApi,
  PatchStrategy,
  type V1ObjectMeta,
} from "@kubernetes/client-node";

/** An Istio object with whatever spec. */
export interface IstioObject extends KubernetesObject {
  metadata: V1ObjectMeta & { name: string; namespace: string };
  spec?: unknown;
}

/** Names an Istio object, or is one when it has a spec. */
export function istio(kind: string, name: string, spec?: unknown): IstioObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind,
    metadata: { name, namespace: "default" },
    ...(spec !== undefined && { spec }),
  };
}

/**
 * Sets objects aside or changes them, as somebody with kubectl would, while `work` is done: an object
 * with a spec is made or gets that spec, one without is removed. Afterwards all is as it was.
 */
export async function meanwhile<T>(
  api: KubernetesObjectApi,
  objects: readonly IstioObject[],
  work: () => Promise<T>,
): Promise<T> {
  const restore: (() => Promise<unknown>)[] = [];
  try {
    for (const object of objects) {
      const before = await read(api, object);
      await put(api, object);
      restore.unshift(() => put(api, before ?? { ...object, spec: undefined }));
    }
    return await work();
  } finally {
    for (const step of restore) await step();
  }
}

async function read(
  api: KubernetesObjectApi,
  object: IstioObject,
): Promise<IstioObject | undefined> {
  try {
    return await api.read<IstioObject>(object);
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined;
    throw error;
  }
}

/**
 * Makes the object's spec what it is here; without one, the object goes. It is applied in the name of
 * whoever applied it before: else the fields would have two owners, and the other couldn't remove them.
 */
async function put(api: KubernetesObjectApi, object: IstioObject): Promise<void> {
  const current = await read(api, object);
  if (object.spec === undefined) {
    if (current) await api.delete(current);
    return;
  }
  const { name, namespace, labels, annotations, managedFields } = (current ?? object).metadata;
  const owner = managedFields?.find(({ operation }) => operation === "Apply")?.manager;
  const applied = { ...object, metadata: { name, namespace, labels, annotations } };
  const { ServerSideApply } = PatchStrategy;
  await api.patch(applied, undefined, undefined, owner ?? "test", true, ServerSideApply);
}
