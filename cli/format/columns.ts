import Table from "cli-table3";
import { stripColour, WIDTH, wrap } from "./text.js";

const GAP = 2;
const NO_BORDERS = Object.fromEntries(
  ["top", "bottom", "left", "right"]
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat("mid", "mid-mid", "middle")
    .map((part) => [part, ""]),
);

/**
 * Rows under a head, in columns as narrow as their texts allow. Where they don't fit
 * {@link WIDTH}, the widest columns give way and their texts are wrapped.
 */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const colWidths = widths([head, ...rows]);
  const table = new Table({
    head: [...head],
    colWidths,
    chars: NO_BORDERS,
    style: { "padding-left": 0, "padding-right": GAP, head: [], border: [], compact: true },
  });
  table.push(
    ...rows.map((row) =>
      row.map((text, column) => wrap(text, (colWidths[column] ?? WIDTH) - GAP).join("\n")),
    ),
  );
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

function widths(rows: readonly (readonly string[])[]): number[] {
  const natural = (rows[0] ?? []).map(
    (_, column) => Math.max(...rows.map((row) => visibleLength(row[column] ?? ""))) + GAP,
  );
  let surplus = natural.reduce((sum, width) => sum + width, 0) - GAP - WIDTH;
  while (surplus > 0) {
    const widest = natural.indexOf(Math.max(...natural));
    natural[widest] = (natural[widest] ?? 0) - 1;
    surplus--;
  }
  return natural;
}

function visibleLength(text: string): number {
  return Math.max(...text.split("\n").map((line) => stripColour(line).length));
}
