import { columns } from "../format/columns.js";
import { paragraph } from "../format/text.js";
import { cell, markdownTable } from "../posture/markdown.js";
import type { DriftReport, DriftRow } from "./row.js";

const MARKS = { ok: "ok", drift: "DRIFT", unknown: "unknown" } as const;
const EMOJI = { ok: "✅", drift: "❌", unknown: "❓" } as const;

const HEAD = ["", "what", "declared", "found"];

/** For people at a terminal. */
export function driftTable({ catalogue, rows, notes }: DriftReport): string {
  const table = columns(
    HEAD,
    rows.map(({ subject, declared, found, state }) => [MARKS[state], subject, declared, found]),
  );
  const parts = [
    ...(rows.length > 0 ? [table] : []),
    ...notes.map((note) => paragraph(`note: ${note}`)),
    conclusion(catalogue, rows),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** For a pull request, an issue, a job's summary. */
export function driftMarkdown({ catalogue, rows, notes }: DriftReport): string {
  const table = markdownTable(
    HEAD,
    rows.map(({ subject, declared, found, state }) => [
      `${EMOJI[state]} ${state}`,
      cell(subject),
      cell(declared),
      cell(found),
    ]),
  );
  const parts = [
    ...(rows.length > 0 ? [table] : []),
    ...notes.map(cell),
    conclusion(catalogue, rows),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** For programs. */
export function driftJson(report: DriftReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function conclusion(catalogue: string, rows: readonly DriftRow[]): string {
  const count = (state: DriftRow["state"]) => rows.filter((row) => row.state === state).length;
  if (rows.length === 0) return `${catalogue} declares nothing that can be compared.`;
  const [drift, unknown] = [count("drift"), count("unknown")];
  return (
    (drift === 0
      ? `${unknown === 0 ? `All ${rows.length}` : rows.length - unknown} as ${catalogue} declares`
      : `${drift} of ${rows.length} differ from what ${catalogue} declares`) +
    (unknown === 0 ? "." : `, ${unknown} unknown.`)
  );
}
