import {
  constructFromEvents,
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  type Event,
  EVENT_ID,
  FAILSAFE_SCHEMA,
  getScalarValue,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  parseEvents,
  seqTag,
  YAMLException,
} from "js-yaml";

/**
 * YAML as kubectl hands it to the API server. kubectl reads YAML 1.1 by the rules of Go's yaml.v2
 * (sigs.k8s.io/yaml): `on` is true, `0673` and `4_43` and `0b110111011` are 443.
 */

/** Why a text isn't the YAML of Kubernetes objects, and where in it. */
export class YamlFault extends Error {
  constructor(
    message: string,
    /** In characters from the text's start. */
    readonly offset: number,
  ) {
    super(message);
  }
}

/** Collections may be nested as deep; code that walks the values can rely on it. */
const MOST_LEVELS = 500;

/** Where a key is repeated in its map, in characters from the text's start. */
export type OnRepeatedKey = (key: string, offset: number) => void;

/**
 * The documents of a text. Values that aliases share are shared in the result too. Of a key that is there
 * twice the last one counts, as for kubectl, which drops the others before the API server sees them.
 *
 * @param onRepeated is called for each of the others' successors
 * @throws {YamlFault}
 */
export function readYaml(text: string, onRepeated?: OnRepeatedKey): unknown[] {
  const { source, events, originalOffset } = eventsOf(text);
  const construct = (lastCounts: boolean) =>
    constructFromEvents(events, {
      source,
      schema,
      json: lastCounts,
      maxTotalMergeKeys: 100_000,
    });
  const documents = orFault(source, originalOffset, () => {
    try {
      return construct(false);
    } catch (error) {
      if (!(error instanceof YAMLException) || error.reason !== "duplicated mapping key")
        throw error;
      for (const { key, offset } of repeatedKeys(source, events)) {
        onRepeated?.(key, originalOffset(offset));
      }
      return construct(true);
    }
  });
  if (events.some(({ type }) => type === EVENT_ID.ALIAS)) documents.forEach(checkAliases);
  return documents;
}

/** What the parser found in a text. */
export interface Parsed {
  /** What the events' offsets are of. */
  source: string;
  events: Event[];
  /** From an offset in the source to the one in the text. */
  originalOffset: (offset: number) => number;
}

/** How far to the right a line is moved, and how much text may be read again for it. */
const TO_THE_RIGHT = " ".repeat(1_000);
const MOST_READ_AGAIN = 200_000_000;

/**
 * The parser's events. Lines may continue a quoted text or a flow collection at their key's indent,
 * as libyaml accepts them and this parser doesn't: blanks at the beginning of such a line mean
 * nothing, so it is moved to the right.
 * @throws {YamlFault}
 */
export function eventsOf(text: string): Parsed {
  let source = text;
  const moved: number[] = [];
  const originalOffset = (offset: number) =>
    moved.reduceRight(
      (at, start) => (at < start ? at : Math.max(start, at - TO_THE_RIGHT.length)),
      offset,
    );
  for (let read = text.length; ; read += source.length) {
    try {
      const events = parseEvents(withoutLastColons(source), { maxDepth: MOST_LEVELS });
      return { source, events, originalOffset };
    } catch (error) {
      const isToBeMoved =
        error instanceof YAMLException && error.reason === "deficient indentation";
      if (!isToBeMoved || read > MOST_READ_AGAIN) throw faultOf(error, source, originalOffset);
      const start = source.lastIndexOf("\n", (error.mark?.position ?? 0) - 1) + 1;
      source = source.slice(0, start) + TO_THE_RIGHT + source.slice(start);
      moved.push(start);
    }
  }
}

/**
 * In a flow collection a text may end with a colon for libyaml (`[2001:db8::]`), where this parser takes it
 * for the end of a key. It is given another character of the same length there; values are read from
 * the source as it is.
 */
function withoutLastColons(source: string): string {
  return source.replace(/(?<=[^\s"'[\]{},]):(?=[,[\]{}])/g, "_");
}

/** The keys of a map that an earlier one has too. */
function* repeatedKeys(
  source: string,
  events: readonly Event[],
): Generator<{ key: string; offset: number }> {
  /** Of each open collection: its keys, and whether a key comes next; no keys of one that isn't a map. */
  const open: { keys?: Set<string>; isKeyNext: boolean }[] = [];
  for (const event of events) {
    const parent = open.at(-1);
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    if (parent?.isKeyNext && event.type === EVENT_ID.SCALAR) {
      const key = getScalarValue(source, event);
      if (parent.keys?.has(key)) yield { key, offset: event.valueStart };
      parent.keys?.add(key);
    }
    if (parent?.keys) parent.isKeyNext = !parent.isKeyNext;
    if (event.type === EVENT_ID.MAPPING) open.push({ keys: new Set(), isKeyNext: true });
    else if (event.type !== EVENT_ID.SCALAR && event.type !== EVENT_ID.ALIAS) {
      open.push({ isKeyNext: false });
    }
  }
}

function orFault<T>(source: string, originalOffset: Parsed["originalOffset"], read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw faultOf(error, source, originalOffset);
  }
}

function faultOf(error: unknown, source: string, originalOffset: Parsed["originalOffset"]) {
  if (error instanceof RangeError) return new YamlFault(TOO_DEEP, 0);
  if (!(error instanceof YAMLException)) return error;
  const offset = Math.min(error.mark?.position ?? 0, source.length);
  return new YamlFault(wordsFor(error.reason), originalOffset(offset));
}

const TOO_DEEP = `nested more than ${MOST_LEVELS} levels deep`;

function wordsFor(reason: string): string {
  if (reason.startsWith("nesting exceeded")) return TOO_DEEP;
  if (reason.includes("complex keys")) return "a key must be text";
  if (/\balias\b/.test(reason)) return `${reason} (put text that begins with * in quotes)`;
  return reason;
}

/** What a plain scalar stands for; text that stands for itself has no entry. */
const WORDS = new Map<string, unknown>([
  ...["", "~", "null", "Null", "NULL"].map((word): [string, null] => [word, null]),
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map(
    (word): [string, true] => [word, true],
  ),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map(
    (word): [string, false] => [word, false],
  ),
]);

const INTEGER = /^[-+]?(?:0|[1-9]\d*|0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+)$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

/** A number as Go's strconv reads it: base by prefix, `0` for octal, `_` for the eye alone. */
function numberOf(text: string): number | undefined {
  // After a leading dot, only between digits.
  const isPlain = text.startsWith(".") && /(?<!\d)_|_(?!\d)/.test(text);
  const plain = isPlain ? text : text.replaceAll("_", "");
  if (!INTEGER.test(plain)) return FLOAT.test(plain) ? finite(Number(plain)) : undefined;
  const sign = plain.startsWith("-") ? -1 : 1;
  const digits = plain.replace(/^[-+]/, "").replace(/^0(?=[0-7])/, "0o");
  return sign * Number(digits);
}

/** A number that is too large for one is text. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function wordTag(name: string, firsts: string) {
  return defineScalarTag(name, {
    implicit: true,
    implicitFirstChars: ["", ...firsts],
    resolve: (text) => (WORDS.has(text) ? WORDS.get(text) : NOT_RESOLVED),
    identify: () => false,
  });
}

function numberTag(name: string) {
  return defineScalarTag(name, {
    implicit: true,
    implicitFirstChars: [..."+-.0123456789"],
    resolve: (text) => numberOf(text) ?? NOT_RESOLVED,
    identify: () => false,
  });
}

const YAML_TAG = "tag:yaml.org,2002:";

/** Go's reader ignores a tag that it doesn't know. */
const ANY_TAG = ["!", "tag:"].flatMap((prefix) => [
  defineScalarTag<unknown>(prefix, {
    matchByTagPrefix: true,
    resolve: (text) => text,
    identify: () => false,
  }),
  defineSequenceTag(prefix, { ...seqTag, matchByTagPrefix: true, finalize: undefined }),
  defineMappingTag(prefix, { ...mapTag, matchByTagPrefix: true, finalize: undefined }),
]);

const schema = FAILSAFE_SCHEMA.withTags(
  wordTag(`${YAML_TAG}null`, "~nN"),
  wordTag(`${YAML_TAG}bool`, "yYnNtTfFoO"),
  numberTag(`${YAML_TAG}int`),
  numberTag(`${YAML_TAG}float`),
  mergeTag,
  defineScalarTag(`${YAML_TAG}binary`, {
    resolve: (text) => Buffer.from(text, "base64").toString(),
    identify: () => false,
  }),
  ANY_TAG,
);

/** @throws {YamlFault} if a value is nested deeper than {@link MOST_LEVELS}; it has no cycles */
export function checkLevels(value: unknown, left = MOST_LEVELS): void {
  if (typeof value !== "object" || value === null) return;
  if (left === 0) throw new YamlFault(TOO_DEEP, 0);
  for (const part of Object.values(value)) checkLevels(part, left - 1);
}

/** How large a value is when every alias is written out. */
interface Extent {
  nodes: number;
  levels: number;
}

/**
 * Refuses what aliases make endless, too deep or huge. How much they may add is as in Go's reader:
 * nearly all of a small document, a tenth of a large one.
 */
function checkAliases(document: unknown): void {
  const extents = new Map<object, Extent | "open">();
  const own = { nodes: 1, levels: 0 };
  const extentOf = (value: unknown, levels: number): Extent => {
    if (typeof value !== "object" || value === null) return own;
    const known = extents.get(value);
    if (known === "open") throw new YamlFault("an anchor's value contains itself", 0);
    if (known) return known;
    if (levels > MOST_LEVELS) throw new YamlFault(TOO_DEEP, 0);
    extents.set(value, "open");
    const parts = Object.values(value).map((part) => extentOf(part, levels + 1));
    const extent = {
      nodes: parts.reduce((sum, { nodes }) => sum + nodes, 1),
      levels: parts.reduce((most, { levels }) => Math.max(most, levels), 0) + 1,
    };
    extents.set(value, extent);
    return extent;
  };
  const { nodes, levels } = extentOf(document, 0);
  if (levels > MOST_LEVELS) throw new YamlFault(TOO_DEEP, 0);
  const written = [...extents.keys()].reduce((sum, value) => sum + Object.keys(value).length, 1);
  const fromAliases = nodes - written;
  if (fromAliases > 100 && nodes > 1_000 && fromAliases / nodes > mostFromAliases(nodes)) {
    throw new YamlFault(`aliases make ${nodes} values of it, which kubectl refuses too`, 0);
  }
}

function mostFromAliases(nodes: number): number {
  const [few, many] = [400_000, 4_000_000];
  const place = Math.min(1, Math.max(0, (nodes - few) / (many - few)));
  return 0.99 - 0.89 * place;
}
