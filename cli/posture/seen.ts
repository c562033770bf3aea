import type { Manifest } from "../input/manifests.js";
import { meshConfigIn } from "../input/mesh-config.js";
import type { Reading } from "../input/reading.js";
import { Mistake } from "../mistake.js";
import { deployedClusters, type ExportedResource } from "../stack/deployed.js";
import { runPulumi, type StackEngine } from "../stack/engine.js";
import type { Preview } from "../stack/preview.js";
import { type Client, type KubeObject, type MeshFacts, unmodelled } from "../../mesh/index.js";
import { unmodelledText, versionNotes } from "../judgement.js";
import { postureOf } from "./posture.js";
import type { Posture } from "./row.js";

/** How the owner of objects would have them judged: what they don't say themselves. */
export interface Context {
  facts: Partial<MeshFacts>;
  /** Clients that the objects don't name. */
  clients: readonly Client[];
  /** The namespace of objects whose provider says none. @default "default" */
  defaultNamespace?: string;
}

/** Objects to look at, wherever they came from. */
export interface Seen extends Context {
  /** For people: a stack, files. */
  source: string;
  /** Objects of different clusters don't meet. */
  clusters: readonly (readonly Manifest[])[];
  /** What couldn't be seen, a sentence each. */
  notes: string[];
}

/** What the asker would rather have than what the objects' owner says. */
export interface PostureOverrides {
  facts?: Partial<MeshFacts>;
  clients?: readonly Client[];
}

/** The posture of all that was seen; from the second cluster on, aliases say where they are. */
export function postureOfSeen(
  { source, clusters, facts, clients, notes }: Seen,
  question: PostureOverrides = {},
): Posture {
  const known = { ...facts, ...question.facts };
  const rows = clusters.flatMap((manifests, index) => {
    const objects = manifests.map(({ object }) => object);
    const found = postureOf(objects, known, question.clients, clients);
    const where = index === 0 ? "" : ` (cluster ${index + 1})`;
    return found.map((row) => ({ ...row, alias: row.alias + where }));
  });
  const leftOut =
    rows.length === 0 ? [] : [...versionNotes(known), ...clusters.flatMap(unmodelledNotes)];
  const { istioVersion } = known;
  return { source, ...(istioVersion && { istioVersion }), rows, notes: [...notes, ...leftOut] };
}

function unmodelledNotes(manifests: readonly Manifest[]): string[] {
  return unmodelled(manifests.map(({ object }) => object)).map(unmodelledText);
}

/**
 * Manifests as they are, with the mesh's configuration if it is among them.
 * @param said facts that the asker would rather have
 */
export function seenInFiles(
  source: string,
  { manifests, notes }: Reading,
  said: Partial<MeshFacts> = {},
): Seen {
  const config = meshConfigIn(manifests, said);
  const all = [...notes, ...config.notes];
  return { source, clusters: [manifests], facts: config.facts, clients: [], notes: all };
}

/** What the pack saw in a preview; undefined if the engine ended before it had the whole stack. */
export function seenInPreview(stack: string, { snapshot }: Preview): Seen | undefined {
  if (!snapshot) return undefined;
  const { clusters, ...context } = snapshot;
  return {
    ...context,
    source: `stack ${stack}`,
    clusters: clusters.map(({ objects }) => objects.map((object) => manifest(stack, object))),
    notes: clusters.flatMap(({ unseen }) => unseen),
  };
}

/**
 * What the last update of a stack left.
 *
 * @param context @default the facts that the stack's catalogue states now
 * @throws {Mistake} if the stack's state or its catalogue can't be read
 */
export async function seenInState(
  on: StackEngine,
  stack: string,
  context?: Context,
): Promise<Seen> {
  const { exitCode, stdout, output } = await runPulumi(on, ["stack", "export", "-s", stack]);
  if (exitCode !== 0) throw new Mistake(`the state of stack ${stack} can't be read:\n${output}`);
  const { deployment } = printed<{ deployment?: { resources?: ExportedResource[] } }>(
    stdout,
    stack,
  );
  const clusters = deployedClusters(deployment?.resources ?? [], context);
  return {
    ...(context ?? { facts: await statedFacts(on, stack), clients: [] }),
    source: `stack ${stack} as deployed`,
    clusters: clusters.map(({ objects }) => objects.map(({ object }) => manifest(stack, object))),
    notes: clusters.flatMap(({ unseen }) => unseen.map(({ what }) => what)),
  };
}

/** The mesh facts of a stack's catalogue; none where it has no catalogue. */
async function statedFacts(on: StackEngine, stack: string): Promise<Partial<MeshFacts>> {
  const args = ["config", "--json", ...(await on.selecting(stack))];
  const { exitCode, stdout, output } = await runPulumi(on, args);
  if (exitCode !== 0) throw new Mistake(`stack ${stack}'s configuration can't be read:\n${output}`);
  const values = printed<Record<string, { value?: string }>>(stdout, stack);
  const known = Object.entries(values).flatMap(([key, { value }]): [string, string][] =>
    value === undefined ? [] : [[key, value]],
  );
  const [{ catalogueFacts }, { SettingsError }] = await Promise.all([
    import("../../policies/stack-facts.js"),
    import("../../policies/settings.js"),
  ]);
  try {
    return catalogueFacts(new Map(known)) ?? {};
  } catch (error) {
    throw error instanceof SettingsError ? new Mistake(error.message) : error;
  }
}

/** What `pulumi` printed of a stack in JSON. @throws {Mistake} if it isn't, as of an older version */
function printed<T extends object>(stdout: string, stack: string): T {
  try {
    const value: unknown = JSON.parse(stdout);
    if (typeof value === "object" && value !== null) return value as T;
  } catch {
    // It is reported below.
  }
  throw new Mistake(`what pulumi printed of stack ${stack} isn't JSON: ${stdout.slice(0, 60)}`);
}

/** The nearest thing to a line that declares it is the stack's own file. */
function manifest(stack: string, object: KubeObject): Manifest {
  return { object, place: { file: `Pulumi.${stack}.yaml`, lineOf: () => 1 } };
}
