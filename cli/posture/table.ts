import type { ChalkInstance } from "chalk";
import { cellsOf, columns, headsOf } from "../format/columns.js";
import { firstOf, paragraph } from "../format/text.js";
import { visible } from "../../mesh/index.js";
import { changeCounts, changeLinesOf, EFFECTS } from "./change-lines.js";
import type { PostureChange } from "./diff.js";
import { COLUMNS, linesOf, PLACE_COLUMNS, type PostureLine } from "./lines.js";
import type { Posture } from "./row.js";
import { clientsText, countsText, portText, verdictCell } from "../format/verdicts.js";

/** Lines and notes beyond these are counted, not shown: the worst come first. */
const MOST_LINES = 200;
const MOST_NOTES = 20;

/** The posture for people at a terminal: a table worst first, what is wrong, what wasn't seen. */
export function postureTable(posture: Posture, colour: ChalkInstance): string {
  const lines = linesOf(posture.rows);
  const shown = lines.slice(0, MOST_LINES);
  return [
    colour.bold(`TLS posture of ${visible(posture.source)}`),
    lines.length > 0
      ? columns(
          ["", ...headsOf(COLUMNS)],
          shown.map((line) => [verdictCell(line, colour), ...cellsOf(COLUMNS, line)]),
        )
      : "No external alias.",
    ...moreLines(lines.length),
    ...findings(shown, colour),
    ...calls(shown),
    ...firstOf(
      posture.notes,
      MOST_NOTES,
      (note) => paragraph(`note: ${note}`),
      (more) => `… and ${more} more notes (--format json has them all)`,
    ),
    `${countsText(posture.rows)}.`,
  ]
    .join("\n\n")
    .concat("\n");
}

function moreLines(count: number): string[] {
  const more = count - MOST_LINES;
  return more > 0 ? [`… and ${more} more lines (--format json has them all)`] : [];
}

function findings(lines: readonly PostureLine[], colour: ChalkInstance): string[] {
  return lines.flatMap(({ finding, fix = "", clients }) => {
    if (finding === undefined) return [];
    const others = clients.length - 1;
    const also = others > 0 ? ` Also for ${clientsText(clients.slice(1))}.` : "";
    return [colour.bold(paragraph(finding + also)) + (fix && `\n${paragraph(fix, "  ")}`)];
  });
}

/** Where the call doesn't go the way that the table shows. */
function calls(lines: readonly PostureLine[]): string[] {
  return lines.flatMap((line) =>
    line.call === undefined
      ? []
      : [
          paragraph(
            `call from ${clientsText(line.clients)} to ${line.alias}, port ${portText(line)}: ${line.call}`,
          ),
        ],
  );
}

/** What differs, for people at a terminal, worst first. */
export function diffTable(changes: readonly PostureChange[], colour: ChalkInstance): string {
  if (changes.length === 0) return "The TLS posture is the same.\n";
  const effects = { worse: colour.red, other: (text: string) => text, better: colour.green };
  const lines = changeLinesOf(changes);
  const rows = lines
    .slice(0, MOST_LINES)
    .map(({ effect, row, clients, what }) => [
      effects[effect](EFFECTS[effect]),
      ...cellsOf(PLACE_COLUMNS, { ...row, clients }),
      what.map(visible).join("\n"),
    ]);
  const table = columns(["", ...headsOf(PLACE_COLUMNS), "what changes"], rows);
  return `${[table, ...moreLines(lines.length), `${changeCounts(changes)}.`].join("\n\n")}\n`;
}
