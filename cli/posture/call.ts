import {
  type Client,
  explainCall,
  externalAliases,
  indexBy,
  judgeCalls,
  type Mesh,
  type SharedCallVerdict,
  type Verdict,
  objectText,
} from "../../mesh/index.js";

/** Says what becomes of a call, where that is more than the TLS of the alias's own cluster says. */
export type CallSummary = (verdict: Verdict) => string | undefined;

/**
 * Judges the calls to all aliases once for all rows.
 *
 * @param clients those that the verdicts were judged for
 */
export function callSummary(mesh: Mesh, clients: readonly Client[]): CallSummary {
  const aliases = indexBy(externalAliases(mesh), ({ ref }) => objectText(ref));
  const calls = indexBy(judgeCalls(mesh, clients), ({ alias, call }) =>
    placeText(objectText(alias.ref), alias.host, call.port),
  );
  const ways = new Map([...calls].map(([place, shared]) => [place, waysByClient(shared)]));
  return ({ alias: ref, host, client, clientIndex, port, subset }) => {
    if (client.gateway || subset !== "") return undefined;
    const name = objectText(ref);
    const candidates = aliases.get(name) ?? [];
    const alias = candidates.find((one) => one.host === host) ?? candidates[0];
    return alias && ways.get(placeText(name, alias.host, port))?.get(clientIndex);
  };
}

function placeText(alias: string, host: string, port: number): string {
  return `${alias}|${host}|${port}`;
}

/** What there is to say of each client's call; of two ports with one number the first is called. */
function waysByClient(
  verdicts: readonly [SharedCallVerdict, ...SharedCallVerdict[]],
): Map<number, string> {
  const { sends } = verdicts[0].call;
  return new Map(
    verdicts
      .filter(({ call }) => call.sends === sends)
      .flatMap((verdict) => {
        const way = wayOf(verdict);
        return way === undefined ? [] : verdict.clients.map((index) => [index, way] as const);
      }),
  );
}

function wayOf(verdict: SharedCallVerdict): string | undefined {
  const { alias, answer, call, hops } = verdict;
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
  return [answer, ...explainCall(verdict).hops].join("; ");
}
