import {
  type Alias,
  type Call,
  callsTo,
  explainCall,
  externalAliases,
  indexBy,
  judgeCall,
  type Mesh,
  type Verdict,
  objectText,
} from "../../mesh/index.js";

/** Says what becomes of a call, where that is more than the TLS of the alias's own cluster says. */
export type CallSummary = (verdict: Verdict) => string | undefined;

/** Reads the aliases of a mesh once for all rows. */
export function callSummary(mesh: Mesh): CallSummary {
  const aliases = indexBy(externalAliases(mesh), ({ ref }) => objectText(ref));
  return ({ alias: ref, host, client, port, subset }) => {
    if (client.gateway || subset !== "") return undefined;
    const candidates = aliases.get(objectText(ref)) ?? [];
    const alias = candidates.find((one) => one.host === host) ?? candidates[0];
    const sent = alias && callsTo(mesh, alias).find((one) => one.port === port);
    return alias && sent ? wayOf(mesh, alias, { ...sent, client }) : undefined;
  };
}

function wayOf(mesh: Mesh, alias: Alias, call: Call): string | undefined {
  const { answer, hops, ...verdict } = judgeCall(mesh, call, alias);
  // Istio's mutual TLS outside is what the row says already.
  if (answer === "istio-mutual-outside") return undefined;
  const own = [alias.host, alias.terminal].map((host) => `outbound|${call.port}||${host}`);
  const isPlain = hops.every(
    ({ outcome }) =>
      ["passthrough", "direct"].includes(outcome.via) ||
      (outcome.via === "cluster" && own.includes(outcome.cluster)),
  );
  const isExpected = hops.length === 1 && isPlain;
  if (isExpected && (answer === "as-declared" || answer === "as-sent")) return undefined;
  const explained = explainCall({ ...verdict, answer, hops });
  return [answer, ...explained.hops].join("; ");
}
