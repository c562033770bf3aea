import type { Schema } from "./crds.js";

/** The word of a list that was most likely meant; undefined if none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const same = words.find((other) => plain(other) === plain(word));
  if (same !== undefined) return same;
  const most = Math.min(2, Math.floor(word.length / 3));
  return words.find((other) => distance(plain(word), plain(other), most) <= most);
}

/** Letters to add, to drop or to change; more than `most` where there are more. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Where below a schema there is a field of a name, the nearest first: `trafficPolicy.tls`. */
export function nestedPlaceOf(name: string, schema: Schema): string | undefined {
  let level: [string, Schema][] = [["", schema]];
  for (let depth = 0; depth < 3; depth++) {
    const below = level.flatMap(([place, { properties = {} }]) =>
      Object.entries(properties).map(([field, part]): [string, Schema] => [
        `${place}${field}.`,
        part,
      ]),
    );
    const found = below.find(([place]) => place.endsWith(`.${name}.`));
    if (found) return found[0].slice(0, -1);
    level = below;
  }
  return undefined;
}
