import { groupOf, isPlain, visible } from "../../mesh/index.js";
import type { Progress } from "../progress.js";
import { findFiles, readInput } from "./files.js";
import { type Manifest, MOST_NAMED, parseManifests } from "./manifests.js";

/** Objects as a cluster would have them after `kubectl apply`. */
export interface Reading {
  manifests: Manifest[];
  /** What was decided on the way, a sentence each. */
  notes: string[];
}

export interface ReadingOptions {
  /** Of objects that name none, as `kubectl apply --namespace` has it. @default "default" */
  namespace?: string;
  progress?: Progress;
}

/**
 * Reads all objects of files and directories, and of standard input for "-".
 * @throws {Mistake} if a file can't be read, or holds what the API server would refuse
 */
export async function readManifests(
  names: readonly string[],
  { namespace, progress }: ReadingOptions = {},
): Promise<Reading> {
  const manifests: Manifest[] = [];
  const keys: string[] = [];
  for (const file of await findFiles(names)) {
    for (const manifest of parseManifests(await readInput(file), file, keys)) {
      manifests.push(namespace === undefined ? manifest : inNamespace(manifest, namespace));
      progress?.report(() => `reading ${visible(file)}: ${manifests.length} objects so far`);
    }
  }
  const { notes, ...reading } = lastOfEach(manifests);
  return { ...reading, notes: [...keys, ...notes] };
}

function inNamespace(manifest: Manifest, namespace: string): Manifest {
  const { object } = manifest;
  const metadata = metadataOf(manifest);
  if (metadata.namespace || object.kind === "Namespace") return manifest;
  return { ...manifest, object: { ...object, metadata: { ...metadata, namespace } } };
}

function metadataOf({ object: { metadata } }: Manifest): Record<string, unknown> {
  return isPlain(metadata) ? metadata : {};
}

/** What is given twice counts as it was given last. */
export function lastOfEach(manifests: readonly Manifest[]): Reading {
  const last = new Map<string, Manifest>();
  const replaced: [Manifest, Manifest][] = [];
  for (const [index, manifest] of manifests.entries()) {
    // One without a name is like no other.
    const identity = identityOf(manifest) ?? `${index}`;
    const earlier = last.get(identity);
    if (earlier) {
      last.delete(identity);
      replaced.push([earlier, manifest]);
    }
    last.set(identity, manifest);
  }
  const notes = replaced
    .slice(0, MOST_NAMED)
    .map(([earlier, later]) => replacedText(earlier, later));
  const more = replaced.length - notes.length;
  if (more > 0) notes.push(`${more} more times an object is given again; the last one counts.`);
  return { manifests: [...last.values()], notes };
}

/** An object of another version of its group is the same object. */
function identityOf(manifest: Manifest): string | undefined {
  const { apiVersion, kind } = manifest.object;
  const { name, namespace = "default" } = metadataOf(manifest);
  if (typeof name !== "string") return undefined;
  return JSON.stringify([groupOf(apiVersion), kind, kind === "Namespace" ? "" : namespace, name]);
}

function replacedText(earlier: Manifest, later: Manifest): string {
  const { name, namespace = "default" } = metadataOf(later);
  const [before, after] = [earlier, later].map(placeText);
  const place = before === undefined ? "" : `, in ${before} and in ${after}`;
  return (
    `${later.object.kind} ${String(namespace)}/${String(name)} is given twice${place}. ` +
    "The last one counts, as with kubectl apply."
  );
}

function placeText({ place }: Manifest): string | undefined {
  return place && `${place.file === "-" ? "standard input" : place.file}:${place.lineOf([])}`;
}
