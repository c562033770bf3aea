import { bindingsOf } from "../call/addresses.js";
import type { Call, Sends } from "../call/call.js";
import { clientClasses, followedRule, type ClientClass } from "../call/classes.js";
import { fullName, waysOf, type Ways } from "../call/outcomes.js";
import { sendsTo } from "../call/protocol.js";
import { routingRulesOf } from "../call/routing.js";
import type { Destination } from "../scope/routing-rule.js";
import { clusterWay, hostsOf } from "../call/way.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { externalAliases, type Alias } from "./alias.js";
import type { CallVerdict } from "./call-answer.js";
import { judgeCall, judgeGatewayRoute } from "./call-verdict.js";
import { defaultClients } from "./default-clients.js";

/** A call's verdict for every client that has it. */
export interface SharedCallVerdict extends CallVerdict {
  alias: Alias;
  /** Their places in the list of clients; none for the calls of gateways, which routes make. */
  clients: readonly number[];
}

/** What an application sends, and where: a call without its client. */
type Sent = Omit<Call, "client">;

/** The calls that applications make to an alias: one for each port, by its declared protocol. */
export function callsTo(mesh: Mesh, alias: Alias): Sent[] {
  const [service] = mesh.registry.of(alias.host);
  if (!service) return [];
  const [target] = service.externalName === undefined ? [] : mesh.registry.of(alias.terminal ?? "");
  const ports = service.ports.length > 0 ? service.ports : (target?.ports ?? []);
  return ports
    .filter(({ protocol }) => protocol !== "udp")
    .map((port) => ({ address: alias.host, port: port.number, sends: sendsTo(service, port) }));
}

/**
 * What becomes of the calls of each client to each external alias. Calls that nothing distinguishes are
 * answered once.
 *
 * @param clients the callers to judge for; @default {@link defaultClients}
 */
export function judgeCalls(
  mesh: Mesh,
  clients: readonly Client[] = defaultClients(mesh),
): SharedCallVerdict[] {
  const classes = clientClasses(mesh, clients);
  const aliases = externalAliases(mesh);
  const ofSidecars = aliases.flatMap((alias) =>
    callsTo(mesh, alias).flatMap((sent) => {
      const shared = new Map<string, SharedCallVerdict & { clients: number[] }>();
      for (const one of classes) {
        for (const { verdict, indexes } of judgeClass(mesh, alias, sent, one)) {
          const key = keyOf(verdict);
          const same = shared.get(key);
          if (same) same.clients.push(...indexes);
          else shared.set(key, { ...verdict, alias, clients: indexes });
        }
      }
      return [...shared.values()];
    }),
  );
  return [...ofSidecars, ...gatewayCalls(mesh, aliases)];
}

/** The calls that gateways make to aliases, where routes of theirs lead there. */
function gatewayCalls(mesh: Mesh, aliases: readonly Alias[]): SharedCallVerdict[] {
  const byHost = new Map(aliases.map((alias) => [alias.host, alias]));
  const shared = new Map<string, SharedCallVerdict>();
  for (const rule of routingRulesOf(mesh)) {
    const { gateways, http, tls, tcp, ref } = rule;
    const namespaces = gateways.filter((name) => name !== "mesh").map((name) => name.split("/")[0]);
    const routed: [Sends, readonly Destination[]][] = [
      ...http.map(({ destinations }): [Sends, typeof destinations] => ["http", destinations]),
      ...tls.map(({ destinations }): [Sends, typeof destinations] => ["tls", destinations]),
      ...tcp.map(({ destinations }): [Sends, typeof destinations] => ["tcp", destinations]),
    ];
    for (const [sends, { host, port = 0, subset }] of routed.flatMap(([sends, all]) =>
      all.map((one) => [sends, one] as const),
    )) {
      const alias = byHost.get(host);
      const service = mesh.registry.of(host)[0];
      if (!alias || !service) continue;
      for (const namespace of namespaces) {
        const client: Client = { namespace: namespace ?? "", gateway: true };
        const number = port || (service.ports[0]?.number ?? 0);
        const place = { host: service.externalName ?? host, port: number, subset };
        const way = { ...clusterWay(mesh, client, place), rule: ref };
        const call: Call = { client, address: host, port: number, sends };
        const verdict = judgeGatewayRoute(mesh, call, alias, way);
        shared.set(`${namespace}|${host}|${number}|${keyOf(verdict)}`, {
          ...verdict,
          alias,
          clients: [],
        });
      }
    }
  }
  return [...shared.values()];
}

/** A verdict, and the clients of a class that follow the same rules on the way. */
interface ClassVerdict {
  verdict: CallVerdict;
  indexes: number[];
}

function judgeClass(mesh: Mesh, alias: Alias, sent: Sent, one: ClientClass): ClassVerdict[] {
  const [first] = one.clients;
  if (!first) return [];
  const ways = waysOf(mesh, { ...sent, client: first.client });
  const rules = hostsOn(alias, ways).map((host) => followedRule(mesh, host, one.clients));
  const judged: { followed: unknown[]; found: ClassVerdict }[] = [];
  for (const { client, index } of one.clients) {
    const same = judged.find(({ followed }) =>
      rules.every((rule, place) => rule(client) === followed[place]),
    );
    if (same) {
      same.found.indexes.push(index);
      continue;
    }
    const known = client === first.client ? ways : undefined;
    const verdict = judgeCall(mesh, { ...sent, client }, alias, known);
    const found = { verdict, indexes: [index] };
    judged.push({ followed: rules.map((rule) => rule(client)), found });
  }
  return judged.map(({ found }) => found);
}

/** The hosts whose rules decide: the alias's, what it stands for, and where its calls are led. */
function hostsOn({ host, terminal }: Alias, ways: Ways): string[] {
  const led = "undecided" in ways ? [] : ways.flatMap(({ outcome }) => hostsOf({ outcome }));
  return [...new Set([host, ...(terminal === undefined ? [] : [terminal]), ...led])];
}

function keyOf({ answer, reason, hops, decidedBy }: CallVerdict): string {
  const steps = hops.map(({ outcome, route, rule, gateway }) => [outcome, route, rule, gateway]);
  return JSON.stringify([answer, reason, decidedBy, steps]);
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
