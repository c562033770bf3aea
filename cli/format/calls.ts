import type { ChalkInstance } from "chalk";
import { type Client, explainCall, objectText, visible } from "../../mesh/index.js";
import { callText } from "../input/call.js";
import { type CallRow, clientText } from "../judgement.js";
import { cellsOf, type Column, columns, headsOf } from "./columns.js";
import { paragraph } from "./text.js";
import { clientsText, countsText, verdictCell } from "./verdicts.js";

/** What is printed of calls: the worst first, with what to do about each that isn't well. */
export function callsTable(
  rows: readonly CallRow[],
  colour: ChalkInstance,
  explained: boolean,
): string {
  const rank = ["violation", "undecided", "ok"];
  const sorted = [...rows].sort(
    (a, b) => rank.indexOf(a.verdict.verdict) - rank.indexOf(b.verdict.verdict),
  );
  const table = columns(
    ["verdict", ...headsOf(COLUMNS), "way"],
    sorted.map((row) => [
      verdictCell({ verdict: row.verdict.verdict }, colour),
      ...cellsOf(COLUMNS, row),
      explainCall(row.verdict).hops.map(visible).join("\n") || "-",
    ]),
  );
  const explanations = sorted
    .filter(({ verdict }) => explained || verdict.verdict !== "ok")
    .map((row) => explanation(row, explained));
  const counts = `calls: ${countsText(rows.map(({ verdict }) => verdict))}.`;
  return [table, ...explanations, counts].join("\n\n");
}

/** What the table shows of a call, after its verdict. */
const COLUMNS: readonly Column<CallRow>[] = [
  { head: "call", text: ({ verdict }) => callText(verdict.call) },
  { head: "client", text: ({ clients }) => clientsText(namesOf(clients)) },
  { head: "answer", text: ({ verdict }) => verdict.answer },
];

function namesOf(clients: readonly Client[]): string[] {
  return [...new Set(clients.map(clientText))];
}

function explanation({ verdict, clients }: CallRow, explained: boolean): string {
  const { hops, summary, seen, fix } = explainCall(verdict);
  return [
    paragraph(`${callText(verdict.call)} from ${clientsText(namesOf(clients))}: ${summary}.`),
    ...(explained ? hops.map((hop) => paragraph(hop, "  ")) : []),
    ...(seen === undefined ? [] : [paragraph(`Seen as: ${seen}.`, "  ")]),
    ...(fix === undefined ? [] : [paragraph(fix, "  ")]),
  ].join("\n");
}

/** A call as JSON: objects by `Kind/namespace/name`, clients as `--client` takes them. */
export function callJson({ verdict, clients }: CallRow) {
  const { call, alias, answer, intent, hops, decidedBy, reason } = verdict;
  const { address, port, sends, host, path } = call;
  const { hops: way, ...said } = explainCall(verdict);
  return {
    clients: clients.map(clientText),
    call: { address, port, sends, host, path },
    alias: alias && objectText(alias.ref),
    verdict: verdict.verdict,
    answer,
    intent: intent.mode,
    hops: hops.map(({ client, outcome, route, rule, gateway }) => ({
      client: clientText(client),
      outcome,
      route: route && objectText(route),
      rule: rule && objectText(rule),
      gateway: gateway && objectText(gateway),
    })),
    decidedBy: decidedBy && objectText(decidedBy),
    reason,
    way,
    ...said,
  };
}
