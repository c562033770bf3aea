import type { ChalkInstance } from "chalk";
import { columns } from "../format/columns.js";
import { paragraph } from "../format/text.js";
import { changeCounts, changeLinesOf, EFFECTS } from "./change-lines.js";
import type { PostureChange } from "./diff.js";
import {
  clientsText,
  countsText,
  declaredText,
  linesOf,
  portText,
  type PostureLine,
  tlsText,
  verdictText,
} from "./lines.js";
import type { Posture, PostureRow } from "./posture.js";

/** The posture for people at a terminal: a table worst first, what is wrong, what wasn't seen. */
export function postureTable(posture: Posture, colour: ChalkInstance): string {
  const lines = linesOf(posture.rows);
  const head = [
    "",
    "alias → target",
    "client",
    "port",
    "declared",
    "TLS",
    "verifier",
    "decided by",
  ];
  return [
    colour.bold(`TLS posture of ${posture.source}`),
    lines.length > 0
      ? columns(
          head,
          lines.map((line) => cells(line, colour)),
        )
      : "No external alias.",
    ...findings(lines, colour),
    ...posture.notes.map((note) => paragraph(`note: ${note}`)),
    `${countsText(posture.rows)}.`,
  ]
    .join("\n\n")
    .concat("\n");
}

function cells(line: PostureLine, colour: ChalkInstance): string[] {
  return [
    coloured(line, colour),
    aliasCell(line),
    clientsCell(line.clients),
    portText(line),
    declaredText(line),
    tlsText(line),
    line.verifier,
    line.rule ?? "-",
  ];
}

function coloured(row: Pick<PostureRow, "verdict" | "kind">, colour: ChalkInstance): string {
  const colours = { violation: colour.red, undecided: colour.yellow, ok: colour.green };
  return colours[row.verdict](verdictText(row).replace(" ", "\n"));
}

function findings(lines: readonly PostureLine[], colour: ChalkInstance): string[] {
  return lines.flatMap(({ finding, fix = "", clients }) => {
    if (finding === undefined) return [];
    const others = clients.length - 1;
    const also = others > 0 ? ` Also for ${clientsText(clients.slice(1))}.` : "";
    return [colour.bold(paragraph(finding + also)) + (fix && `\n${paragraph(fix, "  ")}`)];
  });
}

function aliasCell({ alias, target }: Pick<PostureRow, "alias" | "target">): string {
  return `${alias}\n→ ${target}`;
}

function clientsCell(clients: readonly string[]): string {
  return clientsText(clients).replace(/, | (?=\(gateway\))/g, "\n");
}

/** What differs, for people at a terminal, worst first. */
export function diffTable(changes: readonly PostureChange[], colour: ChalkInstance): string {
  if (changes.length === 0) return "The TLS posture is the same.\n";
  const effects = { worse: colour.red, other: (text: string) => text, better: colour.green };
  const rows = changeLinesOf(changes).map(({ effect, row, clients, what }) => [
    effects[effect](EFFECTS[effect]),
    aliasCell(row),
    clientsCell(clients),
    portText(row),
    what.join("\n"),
  ]);
  const table = columns(["", "alias → target", "client", "port", "what changes"], rows);
  return `${table}\n\n${changeCounts(changes)}.\n`;
}
