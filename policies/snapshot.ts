import { writeFileSync } from "node:fs";
import {
  type Client,
  groupOf,
  KINDS,
  type KubeObject,
  type MeshFacts,
  UNKNOWN,
} from "../mesh/index.js";
import type { StackCluster } from "./adapter.js";
import { meshFacts, type ResolvedSettings } from "./settings.js";

/** Names the file that a snapshot is written to. */
export const SNAPSHOT_VARIABLE = "ISTIO_EGRESS_SNAPSHOT";

/** What the pack judged in one run of the engine, as it saw it: nothing else records what was unknown. */
export interface StackSnapshot {
  facts: Partial<MeshFacts>;
  /** The clients that the settings name, besides those that the objects do. */
  clients: Client[];
  /** The namespace of objects whose provider says none. */
  defaultNamespace: string;
  clusters: { objects: KubeObject[]; unseen: string[] }[];
}

/** Writes a snapshot if one is requested, readable by the owner alone. */
export function leaveSnapshot(
  clusters: readonly StackCluster[],
  settings: ResolvedSettings,
  secrets: ReadonlySet<string>,
  file = process.env[SNAPSHOT_VARIABLE],
): void {
  if (!file) return;
  const snapshot: StackSnapshot = {
    facts: meshFacts(settings),
    clients: settings.clients,
    defaultNamespace: settings.defaultNamespace,
    clusters: clusters.map(({ objects, unseen }) => ({
      objects: objects.map(({ object }) => withoutContent(object)),
      unseen: unseen.map(({ what }) => what),
    })),
  };
  writeFileSync(file, writeSnapshot(snapshot, secrets), { mode: 0o600 });
}

/** A secret isn't opened to draw a picture: it counts as not known, as in a stack's state. */
export function writeSnapshot(
  snapshot: StackSnapshot,
  secrets: ReadonlySet<string> = new Set(),
): string {
  return JSON.stringify(snapshot, (_, value: unknown) =>
    value === UNKNOWN || (typeof value === "string" && secrets.has(value)) ? MARK : value,
  );
}

export function readSnapshot(text: string): StackSnapshot {
  return JSON.parse(text, (_, value: unknown) =>
    value === MARK ? UNKNOWN : value,
  ) as StackSnapshot;
}

/** No text of Kubernetes has a NUL in it. */
const MARK = "\0unknown";

/** The groups of what decides; all of their kinds are kept whole, and the core group's Services and Endpoints. */
const WHOLE_GROUPS = new Set<string>(
  Object.values(KINDS).flatMap(({ group }) => (group === "" ? [] : [group])),
);
const WHOLE_KINDS = new Set(["Service", "Endpoints"]);

/** Objects that decide nothing but who calls are kept without what they run, which may be secret. */
function withoutContent(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, spec, status } = object;
  if (WHOLE_GROUPS.has(groupOf(apiVersion)) || WHOLE_KINDS.has(kind)) return object;
  const { template } = (spec === UNKNOWN ? {} : (spec ?? {})) as { template?: unknown };
  const pod = template === UNKNOWN ? {} : ((template ?? {}) as { metadata?: unknown });
  return {
    apiVersion,
    kind,
    metadata,
    ...(kind === "Pod" ? { status } : {}),
    spec: { template: { metadata: pod.metadata } },
  };
}
