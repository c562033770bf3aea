import { isDeepStrictEqual } from "node:util";
import { ApiServer, type Resource } from "../../cli/kube/api-server.js";
import { eventually } from "../local/eventually.js";

/** Objects by `apiVersion/kind namespace/name`, without what changes by itself. */
export type Snapshot = Record<string, unknown>;

/** What happened, and who leads: these come and go without anybody's wish. */
const RESTLESS = new Set(["Event", "Lease"]);

/** Fields that say when, count writes, or who leads. The uid stays: what was made anew is another object. */
const VOLATILE = /^(resourceVersion|generation|time|\w+(Time|Timestamp)|.*\/leader)$/;

/** Every object of every resource that the API server stores. */
export async function snapshotOf(kubeconfig: string): Promise<Snapshot> {
  const server = await ApiServer.from({ kubeconfig });
  let resources = known.get(server.server);
  if (!resources) known.set(server.server, (resources = resourcesOf(server)));
  const snapshot: Snapshot = {};
  const list = async (resource: Resource) => {
    for await (const object of server.list(resource)) {
      const { apiVersion, kind, metadata } = object as Named;
      const key = `${apiVersion}/${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
      snapshot[key] = withoutVolatile(object);
    }
  };
  try {
    await Promise.all((await resources).map(list));
  } catch (error) {
    // A resource may have gone with its definition: the next snapshot asks anew.
    known.delete(server.server);
    throw error;
  }
  return snapshot;
}

/** What each API server stores. Another resource would be another object: its definition. */
const known = new Map<string, Promise<Resource[]>>();

interface Named {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

interface ApiGroup {
  preferredVersion: { groupVersion: string };
  versions: { groupVersion: string }[];
}

/** Every resource once, in its group's preferred version where it is served in several. */
async function resourcesOf(server: ApiServer): Promise<Resource[]> {
  const { groups } = (await server.get("/apis")) as { groups: ApiGroup[] };
  const ofGroup = async ({ preferredVersion, versions }: ApiGroup) => {
    const others = versions.filter((v) => v.groupVersion !== preferredVersion.groupVersion);
    const found = await Promise.all(
      [preferredVersion, ...others].map(({ groupVersion }) =>
        storedResources(server, `/apis/${groupVersion}`),
      ),
    );
    // The first of a name is the one in the preferred version.
    return [
      ...new Map(
        found
          .flat()
          .toReversed()
          .map((one) => [one.plural, one]),
      ).values(),
    ];
  };
  const core = storedResources(server, "/api/v1");
  return (await Promise.all([core, ...groups.map(ofGroup)])).flat();
}

/** The resources below a path that can be watched: those that are stored, without subresources. */
async function storedResources(server: ApiServer, path: string): Promise<Resource[]> {
  const { resources } = (await server.get(path)) as {
    resources: { name: string; kind: string; verbs: string[] }[];
  };
  return resources
    .filter(({ name, kind, verbs }) => {
      return verbs.includes("watch") && !name.includes("/") && !RESTLESS.has(kind);
    })
    .map(({ name }) => ({ path, plural: name }));
}

function withoutVolatile(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVolatile);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => !VOLATILE.test(key));
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutVolatile(field)]));
}

/** What one snapshot has and another hasn't, and what both have differently; by their keys. */
export function differences(before: Snapshot, after: Snapshot) {
  const keysOf = (snapshot: Snapshot) => Object.keys(snapshot).sort();
  return {
    removed: keysOf(before).filter((key) => !(key in after)),
    added: keysOf(after).filter((key) => !(key in before)),
    changed: keysOf(before).filter(
      (key) => key in after && !isDeepStrictEqual(before[key], after[key]),
    ),
  };
}

/** A namespace that an earlier test deleted, with what is in it. */
function isTerminating(object: unknown): boolean {
  return (object as { status?: { phase?: string } }).status?.phase === "Terminating";
}

/** The snapshot once the controllers have done what follows from a change. */
export async function settledSnapshot(kubeconfig: string): Promise<Snapshot> {
  let last: Snapshot | undefined;
  return eventually(async () => {
    const next = await snapshotOf(kubeconfig);
    const isSame = isDeepStrictEqual(next, last) && !Object.values(next).some(isTerminating);
    last = next;
    return isSame ? next : undefined;
  });
}
