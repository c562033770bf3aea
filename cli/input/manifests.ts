import { isRead, type KubeObject, visible } from "../../mesh/index.js";
import { Mistake } from "../mistake.js";
import { piecesOf, type Piece } from "./chunks.js";
import { templateAt, templatedIn } from "./helm-template.js";
import type { Path } from "./json-text.js";
import { faultOf, isList, itemOfList } from "./objects.js";
import { positionIn } from "./place.js";
import { type Position, SourceText } from "./source-text.js";
import { YamlFault } from "./yaml.js";

/** One Kubernetes object and where it was read. */
export interface Manifest {
  object: KubeObject;
  /** Absent for what came from a cluster. */
  place?: SourcePlace;
}

export interface SourcePlace {
  /** As the user named it; "-" for standard input. */
  file: string;
  /** The line, from 1, of a field such as `["spec", "host"]`, or of the nearest parent there is. */
  lineOf: (path: Path) => number;
}

/**
 * Reads the Kubernetes objects of one file: YAML or JSON, any number of documents, lists opened.
 * Objects come one by one, so that a long file costs no more memory than its objects.
 *
 * @param notes what was decided on the way is added to them, a sentence each, when all is read
 * @throws {Mistake} with file, line and column at the first thing that isn't an object
 */
export function* parseManifests(
  text: string,
  file: string,
  notes: string[] = [],
): Generator<Manifest> {
  const source = new SourceText(file, text);
  const mayBeTemplate = text.includes("{{");
  try {
    for (const piece of piecesOf(source)) yield* manifestsOf(piece, mayBeTemplate);
    notes.push(...repeatedKeyNotes(source));
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    const template = mayBeTemplate ? templateAt(source.text) : undefined;
    if (template !== undefined) throw helmTemplate(file, source.positionAt(template));
    throw mistakeAt(file, source.positionAt(error.offset), `not YAML: ${visible(error.message)}`);
  }
}

function* manifestsOf(piece: Piece, mayBeTemplate: boolean): Generator<Manifest> {
  const { value, chunk, path } = piece;
  if (value === null || value === undefined) return;
  const { file } = chunk.source;
  const fault = faultOf(value);
  if (fault) {
    const at = positionIn(piece, fault.path, fault.atKey);
    if (mayBeTemplate && JSON.stringify(fault.given ?? null).includes("{{"))
      throw helmTemplate(file, at);
    const field = fault.path.length > 0 ? `${pathText(fault.path)}: ` : "";
    throw mistakeAt(file, at, visible(field + fault.message));
  }
  const object = value as KubeObject;
  if (isList(object)) {
    for (const [index, item] of object.items.entries()) {
      const own = { ...piece, value: itemOfList(object, item), path: [...path, "items", index] };
      yield* manifestsOf(own, mayBeTemplate);
    }
    return;
  }
  if (mayBeTemplate && isRead(object)) {
    const field = templatedIn(object);
    if (field) throw helmTemplate(file, positionIn(piece, field));
  }
  yield { object, place: { file, lineOf: (field) => positionIn(piece, field).line } };
}

/** More of one kind than these are counted, not named. */
export const MOST_NAMED = 10;

function repeatedKeyNotes(source: SourceText): string[] {
  const { file, repeatedKeys } = source;
  const notes = [...repeatedKeys].slice(0, MOST_NAMED).map(([offset, key]) => {
    const { line } = source.positionAt(offset);
    return `${placeOf(file)}:${line}: the key ${key} is there twice. The last one counts, as with kubectl apply.`;
  });
  const more = repeatedKeys.size - notes.length;
  return more > 0
    ? [...notes, `${placeOf(file)}: ${more} more keys are repeated; the last one counts.`]
    : notes;
}

/** A field's path as people write it: `spec.subsets[0].name`. */
function pathText(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join("");
}

function helmTemplate(file: string, at: Position): Mistake {
  return mistakeAt(
    file,
    at,
    "this is a Helm template ({{ }}), not an object yet; render it first:\n" +
      "  helm template CHART | istio-egress judge -f -",
  );
}

function mistakeAt(file: string, { line, col }: Position, message: string): Mistake {
  return new Mistake(`${placeOf(file)}:${line}:${col}: ${message}`);
}

function placeOf(file: string): string {
  return file === "-" ? "standard input" : visible(file);
}
