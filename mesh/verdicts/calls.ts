import { bindingsOf } from "../call/addresses.js";
import type { Call } from "../call/call.js";
import { fullName } from "../call/outcomes.js";
import { sendsTo } from "../call/protocol.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { externalAliases, type Alias } from "./alias.js";
import { judgeCall, type CallVerdict } from "./call-verdict.js";
import { defaultClients } from "./default-clients.js";

/** A call's verdict for every client that has it. */
export interface SharedCallVerdict extends CallVerdict {
  alias: Alias;
  /** Their places in the list of clients. */
  clients: readonly number[];
}

/** The calls that applications make to an alias: one for each port, by its declared protocol. */
export function callsTo(mesh: Mesh, alias: Alias, client: Client): Call[] {
  const service = mesh.registry.of(alias.host)[0];
  const target =
    service?.externalName === undefined ? undefined : mesh.registry.of(alias.terminal ?? "")[0];
  const ports = service && service.ports.length > 0 ? service.ports : (target?.ports ?? []);
  return (service ? ports : [])
    .filter(({ protocol }) => protocol !== "udp")
    .map((port) => ({
      client,
      address: alias.host,
      port: port.number,
      sends: sendsTo(service!, port),
    }));
}

/**
 * What becomes of the calls of each client to each external alias. Calls that nothing tells apart are
 * answered once.
 *
 * @param clients the callers to judge for; @default {@link defaultClients}
 */
export function judgeCalls(
  mesh: Mesh,
  clients: readonly Client[] = defaultClients(mesh),
): SharedCallVerdict[] {
  return externalAliases(mesh).flatMap((alias) => {
    const shared = new Map<string, SharedCallVerdict & { clients: number[] }>();
    clients.forEach((client, index) => {
      if (client.gateway) return;
      for (const call of callsTo(mesh, alias, client)) {
        const verdict = judgeCall(mesh, call, alias);
        const key = keyOf(verdict);
        const same = shared.get(key);
        if (same) same.clients.push(index);
        else shared.set(key, { ...verdict, alias, clients: [index] });
      }
    });
    return [...shared.values()];
  });
}

function keyOf({ call, answer, reason, hops, decidedBy }: CallVerdict): string {
  const steps = hops.map(({ outcome, route, rule, gateway }) => [outcome, route, rule, gateway]);
  return JSON.stringify([call.port, answer, reason, decidedBy, steps]);
}

/** The alias that a call is to: by the name or address that it connects to, else by what it sends. */
export function aliasOfCall(mesh: Mesh, call: Call): Alias | undefined {
  const aliases = externalAliases(mesh);
  const name = fullName(mesh, call);
  const isAt = ({ host }: Alias) =>
    mesh.registry
      .of(host)
      .some((service) => bindingsOf(mesh, service).some(({ address }) => address === call.address));
  return (
    aliases.find(({ host }) => host === name) ??
    aliases.find(isAt) ??
    aliases.find(({ host, terminal }) => host === call.host || terminal === name)
  );
}
