import { type PostureChange, rowOf } from "./diff.js";
import { declaredText, tlsText } from "./lines.js";
import type { PostureRow } from "./row.js";
import { verdictText } from "../format/verdicts.js";

/** Changes that differ in nothing but the client, in words. */
export interface ChangeLine {
  effect: PostureChange["effect"];
  row: PostureRow;
  clients: readonly string[];
  /** What is new, gone or other: at least one. */
  what: readonly string[];
}

/** The fewest lines that show all changes, in their order. */
export function changeLinesOf(changes: readonly PostureChange[]): ChangeLine[] {
  const lines = new Map<string, ChangeLine & { clients: string[] }>();
  for (const change of changes) {
    const row = rowOf(change);
    const what = wordsFor(change);
    const key = JSON.stringify([change.effect, row.alias, row.port, row.subset, what]);
    const line = lines.get(key);
    if (line) line.clients.push(row.client);
    else lines.set(key, { effect: change.effect, row, clients: [row.client], what });
  }
  return [...lines.values()];
}

function wordsFor({ before, after }: PostureChange): string[] {
  if (!before) return [`new: ${callText(after!)}`];
  if (!after) return [`gone: ${callText(before)}`];
  return FIELDS.flatMap(([name, textOf]) => {
    const [was, is] = [textOf(before), textOf(after)];
    return was === is ? [] : [`${name}: ${was} → ${is}`];
  });
}

const FIELDS: readonly (readonly [name: string, textOf: (row: PostureRow) => string])[] = [
  ["verdict", verdictText],
  ["TLS", tlsText],
  ["verified by", ({ verifier }) => verifier],
  ["declared", declaredText],
  ["decided by", ({ rule = "-" }) => rule],
  ["target", ({ target }) => target],
  ["call", ({ call = "as its cluster says" }) => call],
];

function callText(row: PostureRow): string {
  const verdict = row.verdict === "ok" ? "" : `${verdictText(row)}, `;
  const by = row.rule === undefined ? "" : ` by ${row.rule}`;
  return `${verdict}${tlsText(row)}${by}, verified by ${row.verifier}`;
}

/** How an effect is named. */
export const EFFECTS: Readonly<Record<PostureChange["effect"], string>> = {
  worse: "worse",
  other: "changed",
  better: "better",
};

/** `1 worse, 2 changed, 0 better`: calls, not lines. */
export function changeCounts(changes: readonly PostureChange[]): string {
  return Object.entries(EFFECTS)
    .map(
      ([effect, word]) => `${changes.filter((change) => change.effect === effect).length} ${word}`,
    )
    .join(", ");
}
