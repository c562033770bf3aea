import { type Posture, type PostureRow } from "./row.js";
import { compareText, severityOf } from "../../mesh/index.js";

/** What a change does to one client's calls to one alias. */
export interface PostureChange {
  effect: "worse" | "other" | "better";
  /** Absent: there was no such call. */
  before?: PostureRow;
  /** Absent: there is none any more. */
  after?: PostureRow;
}

/** What differs from one posture to another, worst first. */
export function diffPostures(base: Posture, head: Posture): PostureChange[] {
  const before = new Map(base.rows.map((row) => [keyOf(row), row]));
  const after = new Map(head.rows.map((row) => [keyOf(row), row]));
  const changes = [...new Set([...after.keys(), ...before.keys()])].flatMap((key) =>
    changeOf(before.get(key), after.get(key)),
  );
  return changes.sort(
    (a, b) =>
      EFFECTS.indexOf(a.effect) - EFFECTS.indexOf(b.effect) ||
      dangerOf(b.after) - dangerOf(a.after) ||
      compareText(keyOf(rowOf(a)), keyOf(rowOf(b))),
  );
}

const EFFECTS: readonly PostureChange["effect"][] = ["worse", "other", "better"];

/** The row that a change is shown as: what it comes to, or what there was. */
export function rowOf({ before, after }: PostureChange): PostureRow {
  return (after ?? before)!;
}

function keyOf({ alias, client, port, subset }: PostureRow): string {
  return JSON.stringify([alias, client, port, subset]);
}

/** What makes a difference; words about it don't. */
const COMPARED = [
  "target",
  "declared",
  "tls",
  "verifier",
  "verdict",
  "kind",
  "rule",
  "call",
] as const;

function changeOf(before?: PostureRow, after?: PostureRow): PostureChange[] {
  if (before && after && COMPARED.every((field) => before[field] === after[field])) return [];
  const difference = dangerOf(after) - dangerOf(before);
  return [
    {
      effect: difference > 0 ? "worse" : difference < 0 ? "better" : "other",
      ...(before && { before }),
      ...(after && { after }),
    },
  ];
}

/**
 * How bad a row is: first by its verdict, then by who verifies the server. A call that there isn't
 * endangers nobody, and neither does a verified one.
 */
function dangerOf(row: PostureRow | undefined): number {
  return row ? (OK - severityOf(row)) * WORST_VERIFIER + DANGER[row.verifier] : 0;
}

const OK = severityOf({ verdict: "ok" });
const WORST_VERIFIER = 5;
const DANGER: Readonly<Record<PostureRow["verifier"], number>> = {
  sidecar: 0,
  workload: 0,
  "workload, if it encrypts": 1,
  "sidecar, any name": 2,
  unknown: 3,
  nobody: 4,
};
