import { visible } from "../../mesh/index.js";
import { Mistake } from "../mistake.js";
import { portText, tlsText } from "./lines.js";
import { type Posture, type PostureRow, severityOf } from "./row.js";

/** Larger drawings can't be read, and take minutes to lay out. */
const MOST_CALLS = 2_000;

/** Who calls what, and where that leads: a posture without its words. */
export interface PostureGraph {
  clients: string[];
  aliases: { name: string; target: string }[];
  targets: string[];
  calls: Call[];
}

/** All calls of one client to one alias. */
export interface Call {
  client: string;
  alias: string;
  /** `443 PLAIN`, one for each port and subset. */
  labels: string[];
  /** The worst of them. */
  verdict: PostureRow["verdict"];
}

/** @throws {Mistake} if there are more calls than can be drawn */
export function graphOf({ rows }: Posture): PostureGraph {
  const aliases = new Map<string, PostureGraph["aliases"][number]>();
  const calls = new Map<string, Call>();
  for (const row of rows.map(visibleRow)) {
    const { alias, target, client, verdict } = row;
    aliases.set(alias, { name: alias, target });
    const key = JSON.stringify([client, alias]);
    const call = calls.get(key) ?? { client, alias, labels: [], verdict };
    calls.set(key, call);
    call.labels.push(`${portText(row)} ${tlsText(row)}`);
    if (severityOf(row) < severityOf(call)) call.verdict = verdict;
  }
  if (calls.size > MOST_CALLS) {
    throw new Mistake(
      `${calls.size} calls are more than can be drawn (${MOST_CALLS}): choose --format table or json, ` +
        "or name the clients that matter with --client.",
    );
  }
  return {
    clients: [...new Set([...calls.values()].map(({ client }) => client))],
    aliases: [...aliases.values()],
    targets: [...new Set([...aliases.values()].map(({ target }) => target))],
    calls: [...calls.values()],
  };
}

function visibleRow(row: PostureRow): PostureRow {
  const { alias, target, client, subset } = row;
  return {
    ...row,
    alias: visible(alias),
    target: visible(target),
    client: visible(client),
    subset: visible(subset),
  };
}

/** What is shown by colour is said in a sign too, for whoever doesn't see colours. */
export const SIGNS: Readonly<Record<PostureRow["verdict"], string>> = {
  violation: "✗ ",
  undecided: "? ",
  ok: "",
};

/** Dark enough on white and light enough on black. */
export const COLOURS: Readonly<Record<PostureRow["verdict"], string>> = {
  violation: "#d1242f",
  undecided: "#bf8700",
  ok: "#1a7f37",
};
