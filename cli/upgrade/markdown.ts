import { cell, markdownTable, moreText } from "../posture/markdown.js";
import { changeLinesOf } from "./lines.js";
import { preparationText } from "./preparation-text.js";
import { countsText, EFFECT_WORDS, remarksOn, type Upgrade } from "./report.js";
import type { Effect, Rehearsal } from "../../mesh/index.js";
import { clientsText } from "../format/verdicts.js";

const MARKS: Readonly<Record<Effect, string>> = {
  breaks: "❌",
  undecided: "❓",
  changes: "",
  improves: "✅",
};

/** An upgrade as Markdown, the worst first, with at most so many lines of each step. */
export function upgradeMarkdown({ rehearsals, notes }: Upgrade, most = Infinity): string {
  return [
    ...rehearsals.map((rehearsal) => rehearsalMarkdown(rehearsal, most)),
    ...(notes.length > 0
      ? [
          notes
            .slice(0, most)
            .map((note) => `- ${cell(note)}`)
            .join("\n") + moreText(notes.length - most, "note"),
        ]
      : []),
  ].join("\n\n");
}

function rehearsalMarkdown(rehearsal: Rehearsal & { cluster?: number }, most: number): string {
  const { from, to, cluster, changes } = rehearsal;
  const where = cluster === undefined ? "" : ` (cluster ${cluster})`;
  const lines = changeLinesOf(changes);
  const table = markdownTable(
    ["", "alias → target", "client", "port", "what changes", "since"],
    lines
      .slice(0, most)
      .map(({ effect, alias, target, clients, port, what, since, reasons }) => [
        `${MARKS[effect]} ${EFFECT_WORDS[effect]}`.trim(),
        cell(`${alias} → ${target}`),
        cell(clientsText(clients)),
        cell(port),
        [...what, ...reasons].map(cell).join("<br>"),
        since,
      ]),
  );
  return [
    `**Istio ${cell(from)} → ${cell(to)}**${where}: ${countsText(rehearsal)}.`,
    ...(lines.length > 0 ? [table + moreText(lines.length - most, "line")] : []),
    ...preparationMarkdown(rehearsal, most),
    ...remarksOn(rehearsal)
      .slice(0, most)
      .map((remark) => cell(remark)),
  ].join("\n\n");
}

function preparationMarkdown(rehearsal: Rehearsal, most: number): string[] {
  const text = preparationText(rehearsal);
  if (!text) return [];
  const { lines, yaml, deletions } = text;
  const isWhole = rehearsal.preparation.edits.length <= most;
  return [
    ...lines.slice(0, most).map((line) => cell(line)),
    ...(yaml !== "" && isWhole ? [fenced("yaml", yaml)] : []),
    ...(deletions.length > 0 && isWhole ? [fenced("sh", `${deletions.join("\n")}\n`)] : []),
    ...(isWhole ? [] : ["What to write didn't fit here: `istio-egress upgrade` writes it all."]),
  ];
}

/** No text of a manifest ends the fence. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}${fence}`;
}
