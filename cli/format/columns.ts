import { visible } from "../../mesh/index.js";
import { stripColour, WIDTH, wrap } from "./text.js";

/** A column of a table, for every format that the table is written in. */
export interface Column<Line> {
  head: string;
  /** The text of its cell, as it stands in the objects. */
  text: (line: Line) => string;
  /** Where a terminal's table begins a new line. @default nowhere */
  breaks?: RegExp;
}

/** The heads of a table's columns. */
export function headsOf<Line>(columns: readonly Column<Line>[]): string[] {
  return columns.map(({ head }) => head);
}

/** The cells of a line, safe to print. */
export function cellsOf<Line>(columns: readonly Column<Line>[], line: Line): string[] {
  return columns.map(({ text, breaks }) => {
    const cell = visible(text(line));
    return breaks ? cell.replace(breaks, "\n") : cell;
  });
}

const GAP = "  ";

type Row = readonly string[];

/**
 * Rows under a head, in columns as narrow as their texts allow. Where they don't fit
 * {@link WIDTH}, the widest columns give way and their texts are wrapped.
 */
export function columns(head: Row, rows: readonly Row[]): string {
  const widths = widthsOf([head, ...rows]);
  return [head, ...rows].flatMap((row) => linesOf(row, widths)).join("\n");
}

function linesOf(row: Row, widths: readonly number[]): string[] {
  const cells = row.map((text, column) => wrap(text, widths[column] ?? WIDTH));
  const height = cells.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((cell, column) => padded(cell[line] ?? "", widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stripColour(text).length));
}

function widthsOf(rows: readonly Row[]): number[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, visibleLength(row[column] ?? "")), 1),
  );
  const gaps = GAP.length * (widths.length - 1);
  let surplus = widths.reduce((sum, width) => sum + width, 0) + gaps - WIDTH;
  while (surplus > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
    surplus--;
  }
  return widths;
}

/** More than a line has is as good as that. */
function visibleLength(text: string): number {
  return text
    .split("\n")
    .reduce((most, line) => Math.min(WIDTH, Math.max(most, stripColour(line).length)), 0);
}
