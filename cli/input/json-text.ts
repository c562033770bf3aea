/**
 * Where the values of a JSON text stand. JSON.parse doesn't say, and a dump of a cluster is too long
 * for a parser that does.
 */

/** A member of an object, or an item of an array, by the offsets where it begins. */
interface Child {
  keyStart: number;
  start: number;
}

export type Path = readonly (string | number)[];

/** Offsets of the values of one JSON text that `JSON.parse` reads. */
export class JsonText {
  /** Of long arrays, which are looked up again and again. */
  private readonly long = new Map<number, Map<string, Child>>();

  constructor(
    private readonly text: string,
    private readonly start: number,
  ) {}

  /** Where the value at a path begins, or its key; of the nearest parent where there is none. */
  offsetOf(path: Path, atKey: boolean): number {
    let place: Child = { keyStart: this.start, start: this.start };
    for (const [index, step] of path.entries()) {
      const child = this.childrenAt(place.start).get(String(step));
      if (!child) return place.start;
      if (atKey && index === path.length - 1) return child.keyStart;
      place = child;
    }
    return place.start;
  }

  private childrenAt(start: number): Map<string, Child> {
    const known = this.long.get(start);
    if (known) return known;
    const children = childrenOf(this.text, start);
    if (children.size > 100) this.long.set(start, children);
    return children;
  }
}

/** What begins where in the object or the array that begins at an offset; none in other values. */
function childrenOf(text: string, start: number): Map<string, Child> {
  const children = new Map<string, Child>();
  const isObject = text[start] === "{";
  if (!isObject && text[start] !== "[") return children;
  let at = afterBlanks(text, start + 1);
  while (at < text.length && text[at] !== "}" && text[at] !== "]") {
    const keyStart = at;
    let key = String(children.size);
    if (isObject) {
      const end = endOfValue(text, at);
      key = JSON.parse(text.slice(at, end)) as string;
      at = afterBlanks(text, afterBlanks(text, end) + 1);
    }
    children.set(key, { keyStart, start: at });
    at = afterBlanks(text, endOfValue(text, at));
    if (text[at] === ",") at = afterBlanks(text, at + 1);
  }
  return children;
}

const NOT_BLANK = /[^ \t\r\n]/g;

/** The first offset from one on that isn't a blank. */
export function afterBlanks(text: string, from: number): number {
  NOT_BLANK.lastIndex = from;
  return NOT_BLANK.exec(text)?.index ?? text.length;
}

const DELIMITER = /["{}[\]]/g;
const END_OF_WORD = /[ \t\r\n,\]}]/g;

/** Where a value ends; the text's end if it doesn't. */
export function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  if (text[start] !== "{" && text[start] !== "[") {
    END_OF_WORD.lastIndex = start;
    return END_OF_WORD.exec(text)?.index ?? text.length;
  }
  let [at, level] = [start, 0];
  for (;;) {
    DELIMITER.lastIndex = at;
    const found = DELIMITER.exec(text);
    if (!found) return text.length;
    if (found[0] === '"') {
      at = endOfString(text, found.index);
      continue;
    }
    at = found.index + 1;
    level += found[0] === "{" || found[0] === "[" ? 1 : -1;
    if (level === 0) return at;
  }
}

function endOfString(text: string, start: number): number {
  let end = start;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
  } while (isEscaped(text, end));
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}
