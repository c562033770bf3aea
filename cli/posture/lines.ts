import type { Column } from "../format/columns.js";
import { clientsText, portText } from "../format/verdicts.js";
import type { PostureRow } from "./row.js";
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

/** What is declared, where something is. */
export function declaredText({ declared }: Pick<PostureRow, "declared">): string {
  return { none: "-", unknown: "?" }[declared as string] ?? declared;
}

/** What is sent; `?` where it isn't known. */
export function tlsText({ tls }: Pick<PostureRow, "tls">): string {
  return tls === "unknown" ? "?" : tls;
}

/** Who calls what. */
export const PLACE_COLUMNS: readonly Column<PostureLine>[] = [
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
export const COLUMNS: readonly Column<PostureLine>[] = [
  ...PLACE_COLUMNS,
  { head: "declared", text: declaredText },
  { head: "TLS", text: tlsText },
  { head: "verifier", text: ({ verifier }) => verifier },
  { head: "decided by", text: ({ rule }) => rule ?? "-" },
];
