import Table from "cli-table3";

/** No output is wider, so that it fits a terminal, a log and a pull request. */
export const WIDTH = 100;

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

/** Lines of at most `width` characters: broken at spaces and after `/`, `.`, `,`, else anywhere. */
function wrap(text: string, width: number): string[] {
  if (stripColour(text).length <= width) return [text];
  const lines = [""];
  for (const part of text.match(/[^ /.,]*[ /.,]?/g) ?? []) {
    const line = lines.at(-1) ?? "";
    if ((line + part).trimEnd().length <= width) lines[lines.length - 1] = line + part;
    else if (part.length <= width) lines.push(part);
    else lines.push(...(part.match(new RegExp(`.{1,${width}}`, "g")) ?? []));
  }
  return lines.filter((line) => line !== "").map((line) => line.trimEnd());
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

function stripColour(text: string): string {
  // eslint-disable-next-line no-control-regex -- the control character is what starts a colour
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}

/** A text for people: lines of at most {@link WIDTH} characters, each after `indent`. */
export function paragraph(text: string, indent = ""): string {
  const words = text.split(/\s+/);
  const lines: string[] = [];
  let line = indent + (words.shift() ?? "");
  for (const word of words) {
    if (line.length + 1 + word.length <= WIDTH) {
      line += ` ${word}`;
    } else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].join("\n");
}
