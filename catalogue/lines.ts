/** Where keys stand in a YAML text. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

/** The line, from 1, of a key; of what it would stand in, if it is missing. */
export type KeyLine = (path: readonly PropertyKey[]) => number;

/** The text is parsed with the first look-up, which is when there is a mistake. */
export function keyLinesOf(text: string): KeyLine {
  const lines = new LineCounter();
  let contents: unknown;
  return (path) => {
    contents ??= parseDocument(text, { lineCounter: lines }).contents;
    return lines.linePos(offsetOf(contents, path)).line;
  };
}

function offsetOf(contents: unknown, path: readonly PropertyKey[]): number {
  let node = contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!pair) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] | null } | undefined)?.range?.[0];
}
