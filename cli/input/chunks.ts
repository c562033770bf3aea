import { afterBlanks, endOfValue, type Path } from "./json-text.js";
import { listParts, type ListParts } from "./long-list.js";
import { isList, itemOfList } from "./objects.js";
import { type SourceText } from "./source-text.js";
import { checkLevels, readYaml, YamlFault } from "./yaml.js";

/** A part of a file that is read alone: from one `---` to the next, or an item of a long list. */
export interface Chunk {
  source: SourceText;
  start: number;
  end: number;
  isJson: boolean;
}

/** A value of a file, and where it is. */
export interface Piece {
  value: unknown;
  chunk: Chunk;
  /** Which of the chunk's YAML documents. */
  document: number;
  /** From the document's root. */
  path: Path;
}

/** Together, chunks are read faster than each alone; a batch is as long, in characters. */
const BATCH = 64_000;

/** Lists from this length on are read in parts, so that they take no more memory than documents. */
const LONG = 1_000_000;

/**
 * Every document of a file, in order, each read on demand.
 * @throws {YamlFault} whose offset is from the file's start
 */
export function* piecesOf(source: SourceText): Generator<Piece> {
  let batch: Chunk[] = [];
  for (const chunk of chunksOf(source)) {
    const json = chunk.isJson ? jsonPieces(chunk) : undefined;
    const list = !json && chunk.end - chunk.start > LONG ? listParts(textOf(chunk)) : undefined;
    if (json ?? list) {
      yield* piecesOfBatch(batch);
      batch = [];
    }
    if (json) yield* json;
    else if (list) yield* piecesOfList(chunk, list);
    else batch.push(chunk);
    if (chunk.end - (batch[0]?.start ?? chunk.end) < BATCH) continue;
    yield* piecesOfBatch(batch);
    batch = [];
  }
  yield* piecesOfBatch(batch);
}

export function textOf({ source, start, end }: Chunk): string {
  return source.text.slice(start, end);
}

/** Documents begin at `---`. Directives would be cut off from their document, so a file with any is one chunk. */
function* chunksOf(source: SourceText): Generator<Chunk> {
  const { text } = source;
  let start = 0;
  if (!/^%/m.test(text)) {
    for (const { index } of text.matchAll(/(?<=^|\n)---(?=[ \t\r\n]|$)/g)) {
      if (index > start) yield chunkAt(source, start, index);
      start = index;
    }
  }
  yield chunkAt(source, start, text.length);
}

function chunkAt(source: SourceText, start: number, end: number): Chunk {
  const first = source.text[jsonStart(source.text, start)] ?? "";
  return { source, start, end, isJson: "{[".includes(first) && first !== "" };
}

function jsonStart(text: string, start: number): number {
  return afterBlanks(text, text.startsWith("---", start) ? start + 3 : start);
}

/** JSON values one after another; undefined where that isn't what it is. */
function jsonPieces(chunk: Chunk): Piece[] | undefined {
  const { text } = chunk.source;
  const from = jsonStart(text, chunk.start);
  const values =
    jsonValues(text, [[from, chunk.end]]) ?? jsonValues(text, rangesOf(text, from, chunk.end));
  return values?.map(([value, start, end]) => {
    const own = { ...chunk, start, end };
    located(own, () => {
      checkLevels(value);
    });
    return { value, chunk: own, document: 0, path: [] };
  });
}

type Range = readonly [start: number, end: number];

function* rangesOf(text: string, from: number, end: number): Generator<Range> {
  for (let start = from; start < end;) {
    const stop = Math.min(end, endOfValue(text, start));
    yield [start, stop];
    start = afterBlanks(text, stop);
  }
}

function jsonValues(
  text: string,
  ranges: Iterable<Range>,
): [unknown, number, number][] | undefined {
  const values: [unknown, number, number][] = [];
  try {
    for (const [start, end] of ranges) {
      values.push([JSON.parse(text.slice(start, end)) as unknown, start, end]);
    }
  } catch {
    return undefined;
  }
  return values;
}

function* piecesOfBatch(batch: readonly Chunk[]): Generator<Piece> {
  const [first, last] = [batch[0], batch.at(-1)];
  if (!first || !last) return;
  const documents = batch.length > 1 ? tried({ ...first, end: last.end }) : undefined;
  if (documents?.length === batch.length) {
    for (const [index, chunk] of batch.entries()) {
      yield { value: documents[index], chunk, document: 0, path: [] };
    }
    return;
  }
  // Alone, so that an error is reported for the document that it is in.
  for (const chunk of batch) {
    for (const [document, value] of located(chunk, () => documentsOf(chunk)).entries()) {
      yield { value, chunk, document, path: [] };
    }
  }
}

function documentsOf(chunk: Chunk): unknown[] {
  return readYaml(textOf(chunk), (key, offset) =>
    chunk.source.repeatedKeys.set(chunk.start + offset, key),
  );
}

/** Undefined where it can't be read; what is wrong is found when it is read in another way. */
function tried(chunk: Chunk): unknown[] | undefined {
  try {
    return documentsOf(chunk);
  } catch (error) {
    if (error instanceof YamlFault) return undefined;
    throw error;
  }
}

/** The items of a long list, batch by batch; the rest at once from where that isn't possible. */
function* piecesOfList(chunk: Chunk, { list, starts }: ListParts): Generator<Piece> {
  const part = (from: number, to: number): Chunk => ({
    ...chunk,
    start: chunk.start + (starts[from] ?? 0),
    end: chunk.start + (starts[to] ?? 0),
  });
  const count = starts.length - 1;
  for (let done = 0; done < count;) {
    let next = done + 1;
    while (next < count && (starts[next] ?? 0) - (starts[done] ?? 0) < BATCH) next++;
    const [items] = tried(part(done, next)) ?? [];
    if (!Array.isArray(items) || items.length !== next - done) {
      yield* restOfList(chunk, done);
      return;
    }
    for (const [index, item] of items.entries()) {
      const own = part(done + index, done + index + 1);
      yield { value: itemOfList(list, item), chunk: own, document: 0, path: [0] };
    }
    done = next;
  }
}

function* restOfList(chunk: Chunk, done: number): Generator<Piece> {
  const [list] = located(chunk, () => documentsOf(chunk));
  if (typeof list !== "object" || list === null || !isList(list)) {
    yield { value: list, chunk, document: 0, path: [] };
    return;
  }
  for (const [index, item] of list.items.entries()) {
    if (index < done) continue;
    yield { value: itemOfList(list, item), chunk, document: 0, path: ["items", index] };
  }
}

/** What is wrong in a chunk, by its place in the file. */
function located<T>({ start }: Chunk, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof YamlFault ? new YamlFault(error.message, start + error.offset) : error;
  }
}
