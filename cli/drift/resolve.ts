import { Resolver } from "node:dns/promises";
import { setTimeout as pause } from "node:timers/promises";
import ipaddr from "ipaddr.js";
import { Mistake } from "../mistake.js";

/** IPv4 (A records) or IPv6 (AAAA records). */
export type Family = 4 | 6;

/** What DNS answers for a name. */
export type Answer = Addresses | NoAnswer;

export interface Addresses {
  /** Of every answer, in the form that a catalogue has, IPv4 first, sorted. Empty: the name has none. */
  addresses: string[];
  /** Seconds for which an answer may be kept, the shortest of all; undefined where there is no address. */
  ttl: number | undefined;
  /** How many queries were made. */
  queries: number;
}

export interface NoAnswer {
  /** Why nothing is known: in words. */
  failure: string;
}

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** A name whose answers mustn't be cached is queried no more often. */
const SHORTEST_PAUSE_MS = 1_000;

/** What c-ares reports, where a server said that there is nothing: NXDOMAIN and NODATA. */
const NOTHING_THERE = ["ENOTFOUND", "ENODATA"];

const WORDS: Readonly<Record<string, string>> = {
  ETIMEOUT: "no DNS server answers in time",
  ECONNREFUSED: "no DNS server answers",
  ESERVFAIL: "the DNS server failed (SERVFAIL)",
  EREFUSED: "the DNS server refuses (REFUSED)",
};

/**
 * Queries DNS alone: no hosts file, no search domains.
 *
 * @param servers `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`, in the order in which they are queried
 * until one answers. @default the machine's own
 * @throws {Mistake} if one of them is no address
 */
export function dnsResolver(servers: readonly string[] = []): Resolver {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length === 0) return resolver;
  try {
    resolver.setServers(servers);
  } catch {
    throw new Mistake(
      `--dns-server ${servers.join(" ")}: not addresses; write 192.0.2.53, or 192.0.2.53:5353.`,
    );
  }
  return resolver;
}

/**
 * The addresses of a name. Names may answer with some of their addresses at a time: until the
 * deadline a name is queried again whenever the TTL of its answer has passed, and all answers count.
 *
 * @param deadline as of `Date.now()`; with one that has passed the name is queried once
 */
export async function resolveName(
  resolver: Resolver,
  name: string,
  families: readonly Family[],
  deadline: number,
): Promise<Answer> {
  const found = new Set<string>();
  let shortest = Infinity;
  for (let queries = 1; ; queries++) {
    const records = await askOnce(resolver, name, families);
    if (!Array.isArray(records)) return records;
    for (const { address } of records) found.add(canonical(address));
    const ttl = Math.min(...records.map(({ ttl }) => ttl));
    shortest = Math.min(shortest, ttl);
    const again = Date.now() + Math.max(ttl * 1000, SHORTEST_PAUSE_MS);
    // Infinity where the name has no address: there is no answer that ends.
    if (again > deadline) {
      return {
        addresses: inOrder([...found]),
        ttl: Number.isFinite(shortest) ? shortest : undefined,
        queries,
      };
    }
    await pause(again - Date.now());
  }
}

interface AddressRecord {
  address: string;
  ttl: number;
}

async function askOnce(
  resolver: Resolver,
  name: string,
  families: readonly Family[],
): Promise<AddressRecord[] | NoAnswer> {
  const ask = {
    4: () => resolver.resolve4(name, { ttl: true }),
    6: () => resolver.resolve6(name, { ttl: true }),
  };
  try {
    const records = await Promise.all(
      families.map((family) =>
        (ask[family]() as Promise<AddressRecord[]>).catch(noneIfNothingThere),
      ),
    );
    return records.flat();
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return { failure: WORDS[code] ?? message };
  }
}

function noneIfNothingThere(error: NodeJS.ErrnoException): AddressRecord[] {
  if (NOTHING_THERE.includes(error.code ?? "")) return [];
  throw error;
}

/** The one way to write an address that a catalogue takes. */
function canonical(address: string): string {
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.toRFC5952String() : parsed.toString();
}

/** Whether an address is IPv6 or IPv4. */
export function familyOf(address: string): Family {
  return ipaddr.IPv6.isValid(address) ? 6 : 4;
}

function inOrder(addresses: readonly string[]): string[] {
  const byBytes = (a: string, b: string) => compare(ipaddr.parse(a), ipaddr.parse(b));
  return [...addresses].sort((a, b) => familyOf(a) - familyOf(b) || byBytes(a, b));
}

function compare(a: ipaddr.IPv4 | ipaddr.IPv6, b: ipaddr.IPv4 | ipaddr.IPv6): number {
  return Buffer.compare(Buffer.from(a.toByteArray()), Buffer.from(b.toByteArray()));
}
