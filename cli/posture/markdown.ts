import { headsOf } from "../format/columns.js";
import { visible } from "../../mesh/index.js";
import { changeCounts, changeLinesOf, EFFECTS } from "./change-lines.js";
import type { PostureChange } from "./diff.js";
import { COLUMNS, linesOf, PLACE_COLUMNS, type PostureLine } from "./lines.js";
import type { Posture } from "./row.js";
import { clientsText, countsText, portText, verdictText } from "../format/verdicts.js";

/** Text that came from someone else, safe in a cell of a Markdown table. */
export function cell(text: string): string {
  return (
    visible(text.replace(/\s+/g, " "))
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replace(/[\\`*_{}[\]()#+!|~]/g, "\\$&")
      // Nobody is to be called by a name in a manifest.
      .replaceAll("@", "&#64;")
  );
}

/** A table with a row for each line of text. */
export function markdownTable(head: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const MARKS = { violation: "❌", undecided: "❓", ok: "✅" } as const;

/** The posture as a Markdown table, worst first, with at most so many lines. */
export function postureMarkdown({ rows }: Posture, most = Infinity): string {
  const lines = linesOf(rows);
  if (lines.length === 0) return "No external alias.";
  const table = markdownTable(
    ["", ...headsOf(COLUMNS)],
    lines
      .slice(0, most)
      .map((line) => [
        `${MARKS[line.verdict]} ${verdictText(line)}`,
        ...COLUMNS.map(({ text }) => cell(text(line))),
      ]),
  );
  const more = moreText(lines.length - most, "line");
  return [`${table}${more}`, ...callList(lines.slice(0, most)), `${countsText(rows)}.`].join(
    "\n\n",
  );
}

/** Where calls don't go the way that the table shows: one item each. */
function callList(lines: readonly PostureLine[]): string[] {
  const shown = lines.flatMap((line) =>
    line.call === undefined
      ? []
      : [
          `- call from ${cell(clientsText(line.clients))} to ${cell(line.alias)}, port ${portText(line)}: ${cell(line.call)}`,
        ],
  );
  return shown.length > 0 ? [shown.join("\n")] : [];
}

/** What differs as a Markdown table, worst first, with at most so many lines. */
export function diffMarkdown(changes: readonly PostureChange[], most = Infinity): string {
  if (changes.length === 0) return "The TLS posture is the same.";
  const lines = changeLinesOf(changes);
  const table = markdownTable(
    ["", ...headsOf(PLACE_COLUMNS), "what changes"],
    lines
      .slice(0, most)
      .map(({ effect, row, clients, what }) => [
        EFFECTS[effect],
        ...PLACE_COLUMNS.map(({ text }) => cell(text({ ...row, clients }))),
        what.map(cell).join("<br>"),
      ]),
  );
  return `${table}${moreText(lines.length - most, "line")}\n\n${changeCounts(changes)}.`;
}

/** Says that something was left out; nothing where nothing was. */
export function moreText(count: number, what: string): string {
  if (count <= 0) return "";
  return `\n\n… and ${count} more ${what}${count === 1 ? "" : "s"} that didn't fit here.`;
}
