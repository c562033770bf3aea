import type { Client } from "../scope/client.js";
import { indexBy } from "../input/plain.js";
import type { ScopedClient } from "./outcomes.js";
import type { Verdict } from "./verdict.js";

/** Verdicts about one alias that several clients share; whose they are is said by `clients` alone. */
export interface SharedVerdicts {
  verdicts: readonly Verdict[];
  clients: readonly { client: Client; clientIndex: number }[];
}

/** A client with what it imports, and its place in the list of clients. */
export interface ListedClient extends ScopedClient {
  clientIndex: number;
}

/** The verdicts for a client; whose they are is still to be filled in. */
export interface Judge {
  verdictsFor: (client: ScopedClient) => readonly Verdict[];
  /** Sidecars of all other namespaces that import all there is have the same; undefined: any may differ. */
  apart?: ReadonlySet<string>;
}

/** Clients by what may tell them apart. */
interface ClientGroups {
  /** Sidecars that import all there is, by namespace. */
  alike: ReadonlyMap<string, readonly ListedClient[]>;
  others: readonly ListedClient[];
  /** All in `alike` but those of some namespaces, by their names. */
  without: Map<string, readonly ListedClient[]>;
}

export function groupsOf(clients: readonly ListedClient[]): ClientGroups {
  const isAlike = ({ client, scope }: ListedClient) => scope.importsEverything && !client.gateway;
  return {
    alike: indexBy(clients.filter(isAlike), ({ client }) => client.namespace),
    others: clients.filter((client) => !isAlike(client)),
    without: new Map(),
  };
}

function inOrder(a: { clientIndex: number }, b: { clientIndex: number }): number {
  return a.clientIndex - b.clientIndex;
}

/** The namespaces whose clients some judge may tell apart from others; undefined where any may be. */
export function namespacesApart(judges: readonly Judge[]): ReadonlySet<string> | undefined {
  const [first, ...others] = judges.map(({ apart }) => apart);
  if (!first || others.includes(undefined)) return undefined;
  return others.length === 0
    ? first
    : new Set([first, ...others].flatMap((one) => [...(one ?? [])]));
}

/** The classes of clients where those of most namespaces are one, which needn't be looked at one by one. */
export function classesApart(
  groups: ClientGroups,
  apart: ReadonlySet<string>,
  judges: readonly Judge[],
): SharedVerdicts[] {
  const named = [...apart].filter((namespace) => groups.alike.has(namespace));
  const key = named.sort().join();
  let common = groups.without.get(key);
  if (!common) {
    const all = [...groups.alike.values()].flat().sort(inOrder);
    common = all.filter(({ client }) => !apart.has(client.namespace));
    groups.without.set(key, common);
  }
  const own = named.flatMap((namespace) => groups.alike.get(namespace) ?? []);
  const classes = classesOf([...own, ...groups.others].sort(inOrder), () => judges);
  const [first] = common;
  if (!first) return classes;
  return [
    { verdicts: judges.flatMap((one) => one.verdictsFor(first)), clients: common },
    ...classes,
  ];
}

/** Puts clients together that nothing distinguishes: each judge has the same verdicts for them. */
export function classesOf(
  clients: readonly ListedClient[],
  judgesFor: (client: ListedClient) => readonly Judge[],
): SharedVerdicts[] {
  const classes: (SharedVerdicts & { clients: ListedClient[] })[] = [];
  const byFirst = new Map<readonly Verdict[] | undefined, { parts: Parts; index: number }[]>();
  for (const client of clients) {
    const parts = judgesFor(client).map((one) => one.verdictsFor(client));
    const alike = byFirst.get(parts[0]);
    const known = alike?.find((one) => parts.every((part, index) => part === one.parts[index]));
    if (known) {
      classes[known.index]?.clients.push(client);
      continue;
    }
    const found = { parts, index: classes.length };
    if (alike) alike.push(found);
    else byFirst.set(parts[0], [found]);
    classes.push({
      verdicts: parts.length === 1 ? (parts[0] ?? []) : parts.flat(),
      clients: [client],
    });
  }
  return classes;
}

/** What each judge said. */
type Parts = readonly (readonly Verdict[])[];

/** The verdicts of each client, in the order of the list of clients. */
export function writtenOut(candidates: readonly (readonly SharedVerdicts[])[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const classes of candidates) {
    const rows = classes.flatMap((one) =>
      one.clients.map((client) => ({ client, verdicts: one.verdicts })),
    );
    if (classes.length > 1) rows.sort((a, b) => inOrder(a.client, b.client));
    for (const { client, verdicts: shared } of rows) {
      for (const verdict of shared) verdicts.push(forClient(verdict, client));
    }
  }
  return verdicts;
}

/**
 * A client's own copy. There are many: written field by field they are one piece of memory each,
 * which a spread of fields that were added one by one isn't. Only what is undecided, or for another revision, has more fields.
 */
function forClient(
  verdict: Verdict,
  { client, clientIndex }: SharedVerdicts["clients"][number],
): Verdict {
  const hasMore = verdict.verdict === "undecided" || verdict.revision !== undefined;
  if (hasMore) return { ...verdict, client, clientIndex };
  const { alias, why, target, host, port, subset, kind, tls, rule, ruleHost, level } = verdict;
  return {
    alias,
    why,
    target,
    host,
    client,
    clientIndex,
    port,
    subset,
    verdict: verdict.verdict,
    kind,
    tls,
    rule,
    ruleHost,
    level,
  };
}
