import { visible, severityOf } from "../../mesh/index.js";
import { tlsText } from "./lines.js";
import { type Posture, type PostureRow } from "./row.js";
import { portText } from "../format/verdicts.js";

/** A drawing of more can't be read: the worst are drawn, the others counted. */
const MOST_CALLS = 60;

/** Who calls what, and where that leads: a posture without its words. */
export interface PostureGraph {
  clients: string[];
  aliases: { name: string; target: string }[];
  targets: string[];
  calls: GraphEdge[];
  /** How many more calls there are, none of them worse than those that are drawn. */
  left: number;
}

/** All calls of one client to one alias. */
export interface GraphEdge {
  client: string;
  alias: string;
  /** `443 PLAIN`, one for each port and subset; `80 PLAIN, call: fails` where the call's way says more. */
  labels: string[];
  /** The worst of them. */
  verdict: PostureRow["verdict"];
  kind?: PostureRow["kind"];
}

/** @param most how many calls to keep, up to {@link MOST_CALLS} */
export function graphOf({ rows }: Posture, most = MOST_CALLS): PostureGraph {
  const targets = new Map<string, string>();
  const calls = new Map<string, GraphEdge>();
  for (const row of rows.map(visibleRow)) {
    const { alias, target, client, verdict, kind } = row;
    targets.set(alias, target);
    const key = JSON.stringify([client, alias]);
    const call = calls.get(key) ?? { client, alias, labels: [], verdict, kind };
    calls.set(key, call);
    call.labels.push(`${portText(row)} ${tlsText(row)}${wayText(row)}`);
    if (severityOf(row) < severityOf(call)) Object.assign(call, { verdict, kind });
  }
  const all = [...calls.values()];
  const worstFirst = all.toSorted((a, b) => severityOf(a) - severityOf(b));
  const drawn = new Set(worstFirst.slice(0, Math.min(most, MOST_CALLS)));
  const shown = all.filter((call) => drawn.has(call));
  const aliases = [...new Set(shown.map(({ alias }) => alias))];
  const aliasesWithTargets = aliases.map((name) => ({ name, target: targets.get(name)! }));
  return {
    clients: [...new Set(shown.map(({ client }) => client))],
    aliases: aliasesWithTargets,
    targets: [...new Set(aliasesWithTargets.map(({ target }) => target))],
    calls: shown,
    left: all.length - shown.length,
  };
}

/** What becomes of the call, and over which gateway or waypoint, where its row says so. */
function wayText({ call }: PostureRow): string {
  if (call === undefined) return "";
  const [answer = "", ...hops] = visible(call).split("; ");
  const over = hops.flatMap((hop) => {
    const through = /^gateway Gateway (\S+) →/.exec(hop) ?? /→ waypoint (\S+) →/.exec(hop);
    return through?.[1] ?? [];
  });
  return `, call: ${answer}${over.length > 0 ? ` over ${over.join(", ")}` : ""}`;
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

/** What is shown by colour is said in a sign too, for people who don't see colours. */
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
