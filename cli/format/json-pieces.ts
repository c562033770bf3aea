/**
 * JSON as `JSON.stringify(value, undefined, 2)` writes it, piece by piece. A generator in it is
 * written as a list whose items are made only when it is their turn, so that a long answer is never
 * in memory as a whole.
 */
export function* jsonPieces(value: unknown, indent = ""): Generator<string> {
  if (typeof value !== "object" || value === null) {
    yield JSON.stringify(value);
    return;
  }
  const isList = Symbol.iterator in value;
  const [open, close] = isList ? "[]" : "{}";
  const inner = `${indent}  `;
  let before = open;
  for (const [key, part] of isList ? itemsOf(value as Iterable<unknown>) : Object.entries(value)) {
    if (key !== undefined && part === undefined) continue;
    yield `${before}\n${inner}${key === undefined ? "" : `${JSON.stringify(key)}: `}`;
    before = ",";
    // A text of JSON has no line break of its own.
    if (isList && !Array.isArray(value)) yield whole(part).replaceAll("\n", `\n${inner}`);
    else yield* jsonPieces(part, inner);
  }
  yield before === open ? `${open}${close}` : `\n${indent}${close}`;
}

function* itemsOf(list: Iterable<unknown>): Generator<[undefined, unknown]> {
  for (const item of list) yield [undefined, item];
}

function whole(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
