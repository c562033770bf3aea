import type { AliasCall } from "./calls.js";
import { severityOf } from "../verdicts/verdict.js";

/**
 * What an upgrade does to a call.
 * - `breaks`: it becomes a violation; it leads to other servers; the sidecar starts or stops TLS of its own; it
 *   begins to check the server's certificate, or checks less than before.
 * - `undecided`: a value isn't known, so nobody knows.
 * - `changes`: another cluster, rule or service, with the same on the wire.
 * - `improves`: it is a violation today and isn't one afterwards.
 */
export type Effect = "breaks" | "undecided" | "changes" | "improves";

/** The worst first. */
export const EFFECTS: readonly Effect[] = ["breaks", "undecided", "changes", "improves"];

/** What becomes of a call; undefined: nothing. A side that is absent has no such port or subset. */
export function effectOf(
  before: AliasCall | undefined,
  after: AliasCall | undefined,
): Effect | undefined {
  if (before?.tls === "unknown" || after?.tls === "unknown") return "undecided";
  if (isSame(before, after)) return undefined;
  const [was, is] = [dangerOf(before), dangerOf(after)];
  if (is > was) return after?.verdict === "undecided" ? "undecided" : "breaks";
  if (is < was) return "improves";
  if (is > 0) return "changes";
  return isAsBefore(before, after) ? "changes" : "breaks";
}

function isSame(before: AliasCall | undefined, after: AliasCall | undefined): boolean {
  const [was, is] = [before, after].map((call) => JSON.stringify(call && tellingOf(call)));
  return was === is;
}

/** What makes a difference to somebody; words about it don't. */
function tellingOf({
  tls,
  verdict,
  kind,
  verifier,
  carrier,
  service,
  servers,
  rule,
}: AliasCall): unknown[] {
  return [tls, verdict, kind, verifier, carrier, service, servers, rule];
}

const OK = severityOf({ verdict: "ok" });

/** By its verdict; what isn't there endangers nobody. */
export function dangerOf(call: AliasCall | undefined): number {
  return call ? OK - severityOf(call) : 0;
}

/** Whether the same server is sent the same as before, and checked by the same. */
export function isAsBefore(before: AliasCall | undefined, after: AliasCall | undefined): boolean {
  const wire = wireOf(after);
  if (leadsElsewhere(before, after)) return false;
  if (wireOf(before) !== wire) return false;
  return wire === AS_SENT || before?.verifier === after?.verifier;
}

function leadsElsewhere(before: AliasCall | undefined, after: AliasCall | undefined): boolean {
  const [was, is] = [before?.servers, after?.servers];
  return was !== undefined && is !== undefined && was.join() !== is.join();
}

/** As the workload sends it. */
const AS_SENT = "as sent";

/** What the server sees. Outside the mesh AUTO is plain, and so is what has no cluster. */
export function wireOf(call: Pick<AliasCall, "tls"> | undefined): string {
  return call && OF_ITS_OWN.includes(call.tls) ? call.tls : AS_SENT;
}

/** What a sidecar does itself; what isn't known is kept apart. */
const OF_ITS_OWN: readonly AliasCall["tls"][] = ["SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "unknown"];
