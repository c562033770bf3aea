import type { Posture, PostureRow } from "../../../cli/posture/row.js";

/** A row about `n/web` on port 443, as it should be unless told otherwise. */
export function row(more: Partial<PostureRow> = {}): PostureRow {
  return {
    alias: "n/web",
    target: "198.51.100.1",
    client: "n",
    port: 443,
    subset: "",
    declared: "DISABLE",
    tls: "PLAIN",
    verifier: "workload",
    verdict: "ok",
    rule: "n/r",
    level: "top",
    ...more,
  };
}

export const VIOLATION = {
  tls: "ISTIO_MUTUAL",
  verifier: "nobody",
  verdict: "violation",
  kind: "live",
  finding: "n/web: Istio's mutual TLS is sent.",
  fix: "Write DISABLE.",
} as const satisfies Partial<PostureRow>;

export const UNDECIDED = {
  tls: "unknown",
  verifier: "unknown",
  verdict: "undecided",
  finding: "n/web: it depends on spec.host.",
  fix: "Write the value down.",
} as const satisfies Partial<PostureRow>;

export function posture(...rows: PostureRow[]): Posture {
  return { source: "a test", rows, notes: [] };
}
