/** What is reported of an import, beside the stack file. */
import { paragraph } from "../format/text.js";
import type { Imported } from "./import-catalogue.js";
import { namedText } from "../../mesh/index.js";

/** All of it, in lines. */
export function importReport(imported: Imported): string {
  const { catalogue, takenOver, created, leftOut, beside, fixed } = imported;
  const refs = takenOver.map(({ object }) => object);
  const kept = takenOver.filter((one) => one.kept.length > 0);
  const sections: [string, string[]][] = [
    ["Taken over by the first `pulumi up`", refs.map(namedText)],
    ["Made by it", created.map(namedText)],
    ["Put right by it", fixed],
    [
      "Left as they are, because a catalogue has no words for them",
      kept.map(({ object, kept }) => `${namedText(object)}: ${kept.join(", ")}.`),
    ],
    ["Beside the catalogue", beside.map(({ object, why }) => `${namedText(object)} ${why}.`)],
    [
      "Not in the catalogue",
      leftOut.map(({ object, reason }) => `${namedText(object)}: ${reason}.`),
    ],
    ["Applied until now by", managersIn(imported)],
  ];
  const shown = sections.filter(([, lines]) => lines.length > 0).map(section);
  const all =
    `Aliases in the catalogue: ${catalogue.aliases.length}, left out: ${leftOut.length}. ` +
    `Objects taken over: ${takenOver.length}, made: ${created.length}.`;
  return [...shown, all].join("\n\n") + "\n";
}

function section([title, lines]: [string, string[]]): string {
  return [`${title} (${lines.length}):`, ...lines.map((line) => paragraph(line, "  "))].join("\n");
}

/** Who has to stop applying the objects before someone else can change them. */
function managersIn({ takenOver }: Imported): string[] {
  const counts = new Map<string, number>();
  for (const manager of takenOver.flatMap(({ managers }) => managers)) {
    counts.set(manager, (counts.get(manager) ?? 0) + 1);
  }
  return [...counts].map(([manager, count]) => `${manager} (${count})`);
}
