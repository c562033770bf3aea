import {
  type KubernetesObject,
  type KubernetesObjectApi,
  PatchStrategy,
} from "@kubernetes/client-node";

/** What an object is found by. */
type Identity = Pick<KubernetesObject, "apiVersion" | "kind"> & {
  metadata: { name: string; namespace?: string };
};

const OWNER = "example.com/applied-by";

/**
 * Applies sets of objects as Argo CD and Flux do: server-side, each marked as its owner's, and afterwards
 * without those of the set before that aren't in this one and are the owner's still.
 */
export class PrunedApply {
  private inventory: Identity[] = [];

  constructor(
    private readonly api: KubernetesObjectApi,
    private readonly owner: string,
  ) {}

  /** @returns what was pruned: `Service shop/stock` */
  async apply(objects: readonly KubernetesObject[]): Promise<string[]> {
    for (const object of objects) await this.applyOne(object);
    const kept = new Set(objects.map((object) => textOf(identityOf(object))));
    const gone = this.inventory.filter((identity) => !kept.has(textOf(identity)));
    this.inventory = objects.map(identityOf);
    const pruned: string[] = [];
    for (const identity of gone) {
      const live = await this.api.read(identity);
      if (live.metadata?.labels?.[OWNER] !== this.owner) continue;
      await this.api.delete(identity);
      pruned.push(textOf(identity));
    }
    return pruned.sort();
  }

  private applyOne(object: KubernetesObject): Promise<KubernetesObject> {
    const labels = { ...object.metadata?.labels, [OWNER]: this.owner };
    const marked = { ...object, metadata: { ...object.metadata, labels } };
    const how = PatchStrategy.ServerSideApply;
    return this.api.patch(marked, undefined, undefined, this.owner, true, how);
  }
}

function identityOf({ apiVersion, kind, metadata }: KubernetesObject): Identity {
  const { name = "", namespace } = metadata ?? {};
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}

function textOf({ kind, metadata: { name, namespace } }: Identity): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
