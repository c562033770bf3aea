import { clientText } from "../judgement.js";
import { refText, type AliasCall, type Effect, type CallChange } from "../../mesh/index.js";

/** Changes that differ in nothing but the client, in words. */
export interface ChangeLine {
  effect: Effect;
  alias: string;
  target: string;
  clients: readonly string[];
  /** `443`, `443/v2` for a subset, `any`. */
  port: string;
  /** What is other than before: at least one. */
  what: readonly string[];
  /** The first minor version that does it. */
  since: string;
  reasons: readonly string[];
}

/** The fewest lines that show all changes, in their order. */
export function changeLinesOf(changes: readonly CallChange[]): ChangeLine[] {
  const lines = new Map<string, ChangeLine & { clients: string[] }>();
  for (const change of changes) {
    const call = (change.after ?? change.before)!;
    const { effect, since, reasons } = change;
    const port = (call.port === 0 ? "any" : String(call.port)) + (call.subset && `/${call.subset}`);
    const line = {
      ...{ effect, port, since, reasons },
      alias: nameOf(call),
      target: call.target,
      what: wordsFor(change),
    };
    const key = JSON.stringify(line);
    const known = lines.get(key);
    if (known) known.clients.push(clientText(call.client));
    else lines.set(key, { ...line, clients: [clientText(call.client)] });
  }
  return [...lines.values()];
}

/** The alias; of a ServiceEntry also the one of its hosts that is called. */
function nameOf({ alias, host }: AliasCall): string {
  return alias.kind === "ServiceEntry" ? `${refText(alias)} ${host}` : refText(alias);
}

function wordsFor({ before, after }: CallChange): string[] {
  return FIELDS.flatMap(([name, textOf]) => {
    const [was, is] = [textOf(before), textOf(after)];
    return was === is ? [] : [`${name}: ${was} → ${is}`];
  }).concat(before?.tls === "unknown" || after?.tls === "unknown" ? [NOT_KNOWN] : []);
}

const NOT_KNOWN = "TLS isn't known under both versions: it depends on values that aren't known";

const FIELDS: readonly (readonly [
  name: string,
  textOf: (call: AliasCall | undefined) => string,
])[] = [
  ["verdict", verdictText],
  ["TLS", (call) => tlsText(call?.tls)],
  ["verified by", (call) => (call?.tls === "no cluster" ? "-" : (call?.verifier ?? "-"))],
  ["rule", (call) => (call?.rule ? refText(call.rule) : "-")],
  ["carried by", (call) => call?.carrier ?? "no cluster"],
  ["service", (call) => (call?.service ? `${call.service.kind} ${refText(call.service)}` : "-")],
  ["leads to", (call) => call?.servers?.join(", ") ?? "-"],
];

function verdictText(call: AliasCall | undefined): string {
  if (!call) return "ok";
  return call.kind === "declared" ? "violation (declared)" : call.verdict;
}

function tlsText(tls: AliasCall["tls"] | undefined): string {
  return tls === "unknown" ? "?" : (tls ?? "no cluster");
}
