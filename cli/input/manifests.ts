import { Composer, type Document, isNode, LineCounter, parseDocument, Parser } from "yaml";
import { Mistake } from "../mistake.js";
import { faultOf, isList, isOfInterest, itemOfList } from "./objects.js";
import type { KubeObject } from "../../mesh/index.js";

/** One Kubernetes object and where it was read. */
export interface Manifest {
  object: KubeObject;
  /** Absent for what came from a cluster. */
  place?: Place;
}

export interface Place {
  /** As the user named it; "-" for standard input. */
  file: string;
  /** The line, from 1, of a field such as `["spec", "host"]`, or of the nearest parent there is. */
  lineOf: (path: readonly (string | number)[]) => number;
}

/** A part of a file that holds one YAML document. */
interface Chunk {
  file: string;
  text: string;
  /** Lines before the text in its file. */
  linesBefore: number;
}

// `merge` because kubectl's reader has it; `logLevel` because a Helm template isn't a warning.
const YAML_OPTIONS = { merge: true, logLevel: "error", prettyErrors: false } as const;

/**
 * Reads the Kubernetes objects of one file: YAML or JSON, any number of documents, lists opened.
 * Objects come one by one, so that a long file costs no more memory than its objects.
 * @throws {Mistake} with file, line and column at the first thing that isn't an object
 */
export function* parseManifests(text: string, file: string): Generator<Manifest> {
  const json = parseJson(text);
  if (json !== undefined) {
    yield* manifestsOf(json, [], { file, text, linesBefore: 0 });
    return;
  }
  const lines = new LineCounter();
  const documents = new Composer({ ...YAML_OPTIONS, lineCounter: lines });
  for (const document of documents.compose(new Parser(lines.addNewLine).parse(text))) {
    const [start, , end] = document.range;
    const chunk = {
      file,
      text: text.slice(start, end),
      linesBefore: lines.linePos(start).line - 1,
    };
    yield* manifestsOf(valueOf(document, lines, chunk), [], chunk);
  }
}

/** JSON by the fast way; undefined where it isn't JSON (YAML then says what is wrong and where). */
function parseJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function contentStart(document: Document.Parsed): number {
  return document.contents?.range[0] ?? document.range[0];
}

function valueOf(document: Document.Parsed, lines: LineCounter, chunk: Chunk): unknown {
  const [error] = document.errors;
  if (error) {
    if (chunk.text.includes("{{")) throw helmTemplate(chunk);
    throw mistakeAt(chunk.file, lines.linePos(error.pos[0]), `not YAML: ${error.message}`);
  }
  try {
    return document.toJS() as unknown;
  } catch (error) {
    throw mistakeAt(chunk.file, lines.linePos(contentStart(document)), (error as Error).message);
  }
}

function* manifestsOf(
  value: unknown,
  path: readonly (string | number)[],
  chunk: Chunk,
): Generator<Manifest> {
  if (value === null) return;
  const fault = faultOf(value);
  if (fault) {
    if (chunk.text.includes("{{")) throw helmTemplate(chunk);
    const field = fault.path.length > 0 ? `${fault.path.join(".")}: ` : "";
    throw mistakeAt(chunk.file, positionIn(chunk, [...path, ...fault.path]), field + fault.message);
  }
  const object = value as KubeObject;
  if (isList(object)) {
    for (const [index, item] of object.items.entries()) {
      const inList = itemOfList(object, item);
      yield* manifestsOf(inList, [...path, "items", index], chunk);
    }
    return;
  }
  if (isOfInterest(object) && isTemplated(object)) throw helmTemplate(chunk);
  const lineOf: Place["lineOf"] = (field) => positionIn(chunk, [...path, ...field]).line;
  yield { object, place: { file: chunk.file, lineOf } };
}

function isTemplated({ metadata, spec }: KubeObject): boolean {
  const { name, namespace } = metadata as { name?: string; namespace?: string };
  return JSON.stringify([name, namespace, spec]).includes("{{");
}

function helmTemplate(chunk: Chunk): Mistake {
  const before = chunk.text.slice(0, chunk.text.indexOf("{{")).split("\n");
  const position = {
    line: chunk.linesBefore + before.length,
    col: (before.at(-1) ?? "").length + 1,
  };
  return mistakeAt(
    chunk.file,
    position,
    "this is a Helm template ({{ }}), not an object yet; render it first:\n" +
      "  helm template CHART | istio-egress judge -f -",
  );
}

function mistakeAt(file: string, at: { line: number; col: number }, message: string): Mistake {
  return new Mistake(`${file === "-" ? "standard input" : file}:${at.line}:${at.col}: ${message}`);
}

/** Only asked for what is reported, so the document is read again rather than kept. */
function positionIn(
  chunk: Chunk,
  path: readonly (string | number)[],
): { line: number; col: number } {
  const { document, lines } = documentOf(chunk);
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (!isNode(node) || !node.range) continue;
    const { line, col } = lines.linePos(node.range[0]);
    return { line: chunk.linesBefore + line, col };
  }
  return { line: chunk.linesBefore + 1, col: 1 };
}

let latest: { chunk: Chunk; document: Document; lines: LineCounter } | undefined;

function documentOf(chunk: Chunk): { document: Document; lines: LineCounter } {
  if (latest?.chunk !== chunk) {
    const lines = new LineCounter();
    latest = {
      chunk,
      lines,
      document: parseDocument(chunk.text, { ...YAML_OPTIONS, lineCounter: lines }),
    };
  }
  return latest;
}
