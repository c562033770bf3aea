import {
  type Client,
  type InertRule,
  type Mesh,
  type ObjectRef,
  type ShadowedRule,
  type Verdict,
  defaultClients,
  inertRules,
  judge,
  readMesh,
  shadowedRules,
  UNKNOWN,
} from "../mesh/index.js";
import { type StackCluster, stackClusters } from "./adapter.js";
import { type ResolvedSettings, meshFacts } from "./settings.js";
import { leaveSnapshot } from "./snapshot.js";
import { type SeenResource, identity, keyOf } from "./stack-object.js";

/** What the mesh model says about the stack's objects in one cluster. */
export interface Judgement {
  cluster: StackCluster;
  mesh: Mesh;
  clients: readonly Client[];
  verdicts: readonly Verdict[];
  inert: readonly InertRule[];
  shadowed: readonly ShadowedRule[];
  /** The resource that an object came from; undefined for objects that aren't in the stack. */
  urnOf: (ref: ObjectRef) => string | undefined;
}

function judgementOf(cluster: StackCluster, settings: ResolvedSettings): Judgement {
  const mesh = readMesh(
    cluster.objects.map(({ object }) => object),
    meshFacts(settings),
  );
  const clients = [...defaultClients(mesh), ...settings.clients];
  const urns = new Map(cluster.objects.map((seen) => [identity(seen), seen.urn]));
  return {
    cluster,
    mesh,
    clients,
    verdicts: judge(mesh, clients),
    inert: inertRules(mesh, clients),
    shadowed: shadowedRules(mesh, clients),
    urnOf: (ref) => urns.get(keyOf(ref)),
  };
}

/** Judges a stack, cluster by cluster. */
export type JudgeStack = (
  resources: readonly SeenResource[],
  settings: ResolvedSettings,
) => Judgement[];

/**
 * Judges a stack once for all rules. The SDK hands every rule its own copy of the
 * resources, so their content shows whether it is the same stack.
 */
export function judgeOnce(secrets: () => ReadonlySet<string> = () => new Set()): JudgeStack {
  let last: { content: string; answer: Judgement[] } | undefined;
  return (resources, settings) => {
    const clusters = stackClusters(resources, settings);
    const content = JSON.stringify([settings, clusters], (_, value: unknown) =>
      value === UNKNOWN ? "\0unknown" : value,
    );
    if (last?.content !== content) {
      leaveSnapshot(clusters, settings, secrets());
      last = { content, answer: clusters.map((cluster) => judgementOf(cluster, settings)) };
    }
    return last.answer;
  };
}
