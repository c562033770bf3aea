import type { ChalkInstance } from "chalk";
import { cellsOf, type Column, columns, headsOf } from "./columns.js";
import { summaryOf } from "./json.js";
import { firstOf, paragraph } from "./text.js";
import { clientsText, portText, verdictCell } from "./verdicts.js";
import { clientText, type Judgement, unmodelledText } from "../judgement.js";
import {
  explain,
  type InertRule,
  type Mesh,
  type ShadowedRule,
  type Verdict,
  groupBy,
  indexBy,
  namedText,
  objectText,
  refText,
  severityOf,
} from "../../mesh/index.js";

/** Rows and notes beyond these are counted, not shown: nobody reads the hundredth. */
const MOST_ROWS = 100;
const MOST_NOTES = 20;

/** Answers that differ in nothing but the client. */
type Row = readonly [Verdict, ...Verdict[]];

/** What the table shows of a row, after its verdict. */
const COLUMNS: readonly Column<Row>[] = [
  { head: "alias → target", text: ([{ alias, target }]) => `${refText(alias)} → ${target}` },
  { head: "client", text: (row) => clientsText(clientNames(row)) },
  { head: "port", text: ([verdict]) => portText(verdict) },
  {
    head: "TLS",
    text: ([{ tls, verdict }]) => tls ?? (verdict === "undecided" ? "?" : "no cluster"),
  },
  { head: "rule", text: ([{ rule }]) => (rule ? refText(rule) : "-") },
];

function clientNames(row: Row): string[] {
  return [...new Set(row.map(({ client }) => clientText(client)))];
}

/** `judge` for people: the table, worst first, then what to do about each finding, then the counts. */
export function judgementTable(judgement: Judgement, colour: ChalkInstance): string {
  const rows = rowsOf(judgement.verdicts);
  const findings = rows.filter(([{ verdict }]) => verdict !== "ok");
  const ok = rows.filter(([{ verdict }]) => verdict === "ok");
  const shown = findings.slice(0, MOST_ROWS);
  const table = [...shown, ...ok.slice(0, MOST_ROWS)].map((row) => cells(row, colour));
  const { inert, shadowed, notes, unmodelled } = judgement;
  return [
    ...(table.length > 0 ? [columns(["verdict", ...headsOf(COLUMNS)], table)] : []),
    ...hidden(findings.length, "more rows with a finding"),
    ...hidden(ok.length, "more rows that are ok"),
    ...adviceOn(shown, judgement.mesh, colour),
    ...noteParagraphs(inert.map(inertNote)),
    ...noteParagraphs(shadowedNotes(shadowed)),
    ...noteParagraphs(notes),
    ...noteParagraphs(unmodelled.map(unmodelledText)),
    summaryLine(judgement),
  ]
    .join("\n\n")
    .concat("\n");
}

function hidden(count: number, what: string): string[] {
  return count > MOST_ROWS ? [`… and ${count - MOST_ROWS} ${what} (--json has them all)`] : [];
}

function noteParagraphs(notes: readonly string[]): string[] {
  return firstOf(
    notes,
    MOST_NOTES,
    (note) => paragraph(`note: ${note}`),
    (more) => `… and ${counted(more, "more note")} of this kind (--json has them all)`,
  );
}

function rowsOf(verdicts: readonly Verdict[]): Row[] {
  const rows = groupBy(withoutEmptyHosts(verdicts), (verdict) => {
    const { alias, host, port, subset, kind, tls, rule } = verdict;
    const decided = rule && objectText(rule);
    return [objectText(alias), host, port, subset, verdict.verdict, kind, tls, decided].join();
  });
  return rows.sort(([a], [b]) => severityOf(a) - severityOf(b));
}

/**
 * An ExternalName is judged at its own host and at its target's. Where one of them has a cluster,
 * that one carries the traffic, and the other's "ok, no cluster" says nothing; where none has,
 * one such row is enough.
 */
function withoutEmptyHosts(verdicts: readonly Verdict[]): Verdict[] {
  const place = ({ alias, clientIndex }: Verdict) => `${objectText(alias)}@${clientIndex}`;
  const carrier = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    const known = carrier.get(place(verdict));
    if (!known || (known.tls === undefined && verdict.tls !== undefined)) {
      carrier.set(place(verdict), verdict);
    }
  }
  return verdicts.filter(
    (verdict) =>
      verdict.verdict !== "ok" ||
      verdict.tls !== undefined ||
      verdict.host === carrier.get(place(verdict))?.host,
  );
}

function cells(row: Row, colour: ChalkInstance): string[] {
  return [verdictCell(row[0], colour), ...cellsOf(COLUMNS, row)];
}

/** What each finding means; what to do is said once, however many findings it puts right. */
function adviceOn(findings: readonly Row[], mesh: Mesh, colour: ChalkInstance): string[] {
  const byRemedy = new Map<string, { summaries: string[]; remedy: string }>();
  for (const [verdict, ...others] of findings) {
    const { summary, fix, yaml } = explain(verdict, mesh);
    const remedy = [
      ...(fix === "" ? [] : [paragraph(fix, "  ")]),
      ...(yaml === undefined ? [] : [indented(yaml.trimEnd(), "    ")]),
    ].join("\n");
    const advice = byRemedy.get(remedy) ?? { summaries: [], remedy };
    const same = others.length > 0 ? ` (also for ${counted(others.length, "more client")})` : "";
    advice.summaries.push(colour.bold(paragraph(summary + same)));
    byRemedy.set(remedy, advice);
  }
  return [...byRemedy.values()].map(({ summaries, remedy }) =>
    [...summaries, ...(remedy === "" ? [] : [remedy])].join("\n"),
  );
}

function indented(text: string, indent: string): string {
  return text.replace(/^(?=.)/gm, indent);
}

function inertNote({ rule, host, instead, reason }: InertRule): string {
  const name = `${namedText(rule)} (host ${host})`;
  if (reason === "no-certificate") return `what ${name} says of TLS has no effect. ${instead}`;
  return `no client follows ${name}. ${instead}`;
}

function shadowedNotes(shadowed: readonly ShadowedRule[]): string[] {
  const byNote = indexBy(
    shadowed,
    ({ rule, by, alias }) => `${namedText(rule)} is hidden by ${refText(by)} for ${refText(alias)}`,
  );
  return [...byNote].map(
    ([note, hidden]) =>
      `${note}, for clients in ${clientsText(hidden.map(({ client }) => clientText(client)))}.`,
  );
}

function summaryLine(judgement: Judgement): string {
  const { aliases, clients, violations, undecided, ok, objects, otherKinds } = summaryOf(judgement);
  const passedOver = otherKinds > 0 ? `, ${otherKinds} of other kinds passed over` : "";
  const read = `${counted(objects, "object")} read${passedOver}`;
  if (aliases === 0 && !judgement.leftOut)
    return `No external alias here, so nothing to judge: ${read}.`;
  return paragraph(
    `${counted(violations, "violation")}, ${undecided} undecided, ${ok} ok: ` +
      `${counted(aliases, "external alias", "external aliases")}, ` +
      `${counted(clients, "client")}; ${read}.`,
  );
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
