import { type PostureRow } from "./row.js";
import { severityOf } from "../../mesh/index.js";

/** Rows that differ in nothing but the client. */
export type PostureLine = Omit<PostureRow, "client"> & { clients: readonly string[] };

/** The fewest lines that show all rows, worst first. */
export function linesOf(rows: readonly PostureRow[]): PostureLine[] {
  const lines = new Map<string, PostureLine & { clients: string[] }>();
  for (const { client, ...row } of rows) {
    // Each client has a finding; the line shows the first one's.
    const key = JSON.stringify({ ...row, finding: undefined, fix: undefined });
    const line = lines.get(key);
    if (line) line.clients.push(client);
    else lines.set(key, { ...row, clients: [client] });
  }
  return [...lines.values()].sort((a, b) => severityOf(a) - severityOf(b));
}

const MOST_CLIENTS = 3;

/** `default, shop`, or the first few of many and how many more. */
export function clientsText(clients: readonly string[], most = MOST_CLIENTS): string {
  const more = clients.length - most;
  if (more <= 1) return clients.join(", ");
  return `${clients.slice(0, most).join(", ")} and ${more} more`;
}

/** `443`, `443/v2` for a subset, `any`. */
export function portText({ port, subset }: Pick<PostureRow, "port" | "subset">): string {
  return (port === 0 ? "any" : String(port)) + (subset === "" ? "" : `/${subset}`);
}

/** `violation`, `violation (declared)`, `undecided`, `ok`. */
export function verdictText({ verdict, kind }: Pick<PostureRow, "verdict" | "kind">): string {
  return kind === "declared" ? "violation (declared)" : verdict;
}

/** What is declared, where something is. */
export function declaredText({ declared }: Pick<PostureRow, "declared">): string {
  return { none: "-", unknown: "?" }[declared as string] ?? declared;
}

/** What is sent; `?` where it isn't known. */
export function tlsText({ tls }: Pick<PostureRow, "tls">): string {
  return tls === "unknown" ? "?" : tls;
}

/** How many calls of which verdict: `2 violations, 0 undecided, 7 ok`. */
export function countsText(rows: readonly PostureRow[]): string {
  const count = (wanted: PostureRow["verdict"]) =>
    rows.filter(({ verdict }) => verdict === wanted).length;
  const violations = count("violation");
  return (
    `${violations} violation${violations === 1 ? "" : "s"}, ` +
    `${count("undecided")} undecided, ${count("ok")} ok`
  );
}

/** A column of every table of a posture, after the one with the verdict. */
export interface PostureColumn {
  head: string;
  /** The text of its cell, as it stands in the objects. */
  text: (line: PostureLine) => string;
  /** Where a terminal's table begins a new line. @default nowhere */
  breaks?: RegExp;
}

/** Who calls what. */
export const PLACE_COLUMNS: readonly PostureColumn[] = [
  {
    head: "alias → target",
    text: ({ alias, target }) => `${alias} → ${target}`,
    breaks: / (?=→ )/g,
  },
  {
    head: "client",
    text: ({ clients }) => clientsText(clients),
    breaks: /, | (?=\(gateway\))/g,
  },
  { head: "port", text: portText },
];

/** Who calls what, and what becomes of it. */
export const COLUMNS: readonly PostureColumn[] = [
  ...PLACE_COLUMNS,
  { head: "declared", text: declaredText },
  { head: "TLS", text: tlsText },
  { head: "verifier", text: ({ verifier }) => verifier },
  { head: "decided by", text: ({ rule }) => rule ?? "-" },
];
