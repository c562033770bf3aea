import type { ChalkInstance } from "chalk";
import {
  type CallVerdict,
  type Client,
  explainCall,
  visible,
  objectText,
} from "../../mesh/index.js";
import { callText } from "../input/call.js";
import { type CallRow, clientText } from "../judgement.js";
import { columns } from "./columns.js";
import { paragraph } from "./text.js";

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
  const colours = { violation: colour.red, undecided: colour.yellow, ok: colour.green };
  const table = columns(
    ["verdict", "call", "client", "answer", "way"],
    sorted.map(({ verdict, clients }) => [
      colours[verdict.verdict](verdict.verdict),
      visible(callText(verdict.call)),
      visible(clientsText(clients)),
      verdict.answer,
      explainCall(verdict).hops.map(visible).join("\n") || "-",
    ]),
  );
  const told = sorted.filter(({ verdict }) => explained || verdict.verdict !== "ok");
  return [table, ...told.map((row) => explanation(row, explained)), countsLine(rows)].join("\n\n");
}

function clientsText(clients: readonly Client[]): string {
  const names = [...new Set(clients.map(clientText))];
  const more = names.length - 3;
  return more > 1 ? `${names.slice(0, 3).join(", ")} and ${more} more` : names.join(", ");
}

function explanation({ verdict, clients }: CallRow, explained: boolean): string {
  const { hops, summary, seen, fix } = explainCall(verdict);
  return [
    paragraph(`${callText(verdict.call)} from ${clientsText(clients)}: ${summary}.`),
    ...(explained ? hops.map((hop) => paragraph(hop, "  ")) : []),
    ...(seen === undefined ? [] : [paragraph(`Seen as: ${seen}.`, "  ")]),
    ...(fix === undefined ? [] : [paragraph(fix, "  ")]),
  ].join("\n");
}

function countsLine(rows: readonly CallRow[]): string {
  const count = (wanted: CallVerdict["verdict"]) =>
    rows.filter(({ verdict }) => verdict.verdict === wanted).length;
  const wrong = count("violation");
  const violations = wrong === 1 ? "1 violation" : `${wrong} violations`;
  return `calls: ${violations}, ${count("undecided")} undecided, ${count("ok")} ok.`;
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
