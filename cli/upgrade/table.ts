import type { ChalkInstance } from "chalk";
import { columns } from "../format/columns.js";
import { firstOf, paragraph } from "../format/text.js";
import { visible, type Effect, type Rehearsal } from "../../mesh/index.js";
import { changeLinesOf, type ChangeLine } from "./lines.js";
import { preparationText } from "./preparation-text.js";
import { countsText, EFFECT_WORDS, remarksOn, type Upgrade } from "./report.js";
import { clientsText } from "../format/verdicts.js";

/** Lines and notes beyond these are counted, not shown: the worst come first. */
const MOST_LINES = 200;
const MOST_NOTES = 20;

/** An upgrade for people at a terminal: what breaks first, and what to write before it. */
export function upgradeTable(
  { source, rehearsals, notes }: Upgrade,
  colour: ChalkInstance,
): string {
  return [
    colour.bold(`Upgrade of ${visible(source)}`),
    ...rehearsals.flatMap((rehearsal) => rehearsalBlocks(rehearsal, rehearsals.length > 1, colour)),
    ...firstOf(
      notes,
      MOST_NOTES,
      (note) => paragraph(`note: ${note}`),
      (more) => `… and ${more} more notes (--format json has them all)`,
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

function rehearsalBlocks(
  rehearsal: Rehearsal & { cluster?: number },
  isOneOfSeveral: boolean,
  colour: ChalkInstance,
): string[] {
  const { from, to, cluster, calls } = rehearsal;
  const title = `Istio ${from} → ${to}${cluster === undefined ? "" : ` (cluster ${cluster})`}`;
  if (calls === 0) return [colour.bold(title), "No external alias."];
  const lines = changeLinesOf(rehearsal.changes);
  const more = lines.length - MOST_LINES;
  return [
    ...(lines.length > 0 || isOneOfSeveral ? [colour.bold(title)] : []),
    ...(lines.length > 0 ? [linesTable(lines.slice(0, MOST_LINES), colour)] : []),
    ...(more > 0 ? [`… and ${more} more lines (--format json has them all)`] : []),
    ...preparationBlocks(rehearsal, colour),
    ...remarksOn(rehearsal).map((remark) => paragraph(remark)),
    lines.length > 0
      ? `${countsText(rehearsal)}.`
      : `Istio ${to} makes of every call what ${from} does; ${countsText(rehearsal).split("; ")[1]}.`,
  ];
}

function linesTable(lines: readonly ChangeLine[], colour: ChalkInstance): string {
  const colours: Record<Effect, (text: string) => string> = {
    breaks: colour.red,
    undecided: colour.yellow,
    changes: (text) => text,
    improves: colour.green,
  };
  return columns(
    ["", "alias → target", "client", "port", "what changes", "since"],
    lines.map(({ effect, alias, target, clients, port, what, since, reasons }) => [
      colours[effect](EFFECT_WORDS[effect]),
      `${visible(alias)}\n→ ${visible(target)}`,
      visible(clientsText(clients)).replace(/, | (?=\(gateway\))/g, "\n"),
      visible(port),
      [...what, ...reasons.map((reason) => `(${reason})`)].map(visible).join("\n"),
      since,
    ]),
  );
}

function preparationBlocks(rehearsal: Rehearsal, colour: ChalkInstance): string[] {
  const text = preparationText(rehearsal);
  if (!text) return [];
  const { lines, yaml, deletions } = text;
  return [
    ...lines.map((line) => colour.bold(paragraph(line))),
    ...(yaml === "" ? [] : [shown(yaml)]),
    ...(deletions.length > 0 ? [`Then:\n${shown(deletions.join("\n"))}`] : []),
  ];
}

/** Indented, without control characters. */
function shown(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${visible(line)}`))
    .join("\n");
}
