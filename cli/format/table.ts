import type { ChalkInstance } from "chalk";
import { columns } from "./columns.js";
import { summaryOf } from "./json.js";
import { firstOf, paragraph } from "./text.js";
import { clientText, type Judgement, unmodelledText } from "../judgement.js";
import {
  explain,
  type InertRule,
  type Mesh,
  type ShadowedRule,
  type Verdict,
  visible,
  objectText,
  refText,
  severityOf,
} from "../../mesh/index.js";

const HEAD = ["verdict", "alias → target", "client", "port", "TLS", "rule"];

/** Rows and notes beyond these are counted, not shown: nobody reads the hundredth. */
const MOST_ROWS = 100;
const MOST_NOTES = 20;
const MOST_CLIENTS = 3;

/** Answers that differ in nothing but the client. */
type Row = readonly [Verdict, ...Verdict[]];

/** `judge` for people: the table, worst first, then what to do about each finding, then the counts. */
export function judgementTable(judgement: Judgement, colour: ChalkInstance): string {
  const rows = rowsOf(judgement.verdicts);
  const findings = rows.filter(([{ verdict }]) => verdict !== "ok");
  const ok = rows.filter(([{ verdict }]) => verdict === "ok");
  const shown = findings.slice(0, MOST_ROWS);
  const table = [...shown, ...ok.slice(0, MOST_ROWS)].map((row) => cells(row, colour));
  const { inert, shadowed, notes, unmodelled } = judgement;
  return [
    ...(table.length > 0 ? [columns(HEAD, table)] : []),
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
  const rows = new Map<string, [Verdict, ...Verdict[]]>();
  for (const verdict of withoutEmptyHosts(verdicts)) {
    const { alias, host, port, subset, kind, tls, rule } = verdict;
    const decided = rule && objectText(rule);
    const key = [objectText(alias), host, port, subset, verdict.verdict, kind, tls, decided].join();
    const row = rows.get(key);
    if (row) row.push(verdict);
    else rows.set(key, [verdict]);
  }
  return [...rows.values()].sort(([a], [b]) => severityOf(a) - severityOf(b));
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
  const [{ verdict, kind, alias, target, port, subset, tls, rule }] = row;
  const colours = { violation: colour.red, undecided: colour.yellow, ok: colour.green };
  return [
    colours[verdict](verdict) +
      (verdict === "violation" && kind === "declared" ? "\n(declared)" : ""),
    visible(`${refText(alias)} → ${target}`),
    visible(clientsText(row)),
    (port === 0 ? "any" : String(port)) + (subset === "" ? "" : `/${visible(subset)}`),
    tls ?? (verdict === "undecided" ? "?" : "no cluster"),
    rule ? visible(refText(rule)) : "-",
  ];
}

function clientsText(row: Row): string {
  return namesText([...new Set(row.map(({ client }) => clientText(client)))]);
}

function namesText(names: readonly string[]): string {
  const more = names.length - MOST_CLIENTS;
  if (more <= 1) return names.join(", ");
  return `${names.slice(0, MOST_CLIENTS).join(", ")} and ${more} more`;
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
  const name = `${rule.kind} ${refText(rule)} (host ${host})`;
  if (reason === "no-certificate") return `what ${name} says of TLS has no effect. ${instead}`;
  return `no client follows ${name}. ${instead}`;
}

function shadowedNotes(shadowed: readonly ShadowedRule[]): string[] {
  const clients = new Map<string, string[]>();
  for (const { rule, by, alias, client } of shadowed) {
    const note = `${rule.kind} ${refText(rule)} is hidden by ${refText(by)} for ${refText(alias)}`;
    const names = clients.get(note);
    if (names) names.push(clientText(client));
    else clients.set(note, [clientText(client)]);
  }
  return [...clients].map(([note, names]) => `${note}, for clients in ${namesText(names)}.`);
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
