import ipaddr from "ipaddr.js";

/**
 * Host names as istiod reads them (pilot/pkg/model/config.go, pkg/config/host). Names are compared
 * byte by byte: case and a trailing dot matter.
 */

/** Whether a host is an IP address. Of a name the parser makes an error, which costs a hundred times as much. */
export function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host) && ipaddr.isValid(host);
}

/** A name that starts with a star covers every name that ends with the rest, dots or not. */
export function isWildcard(host: string): boolean {
  return host.startsWith("*");
}

/**
 * The host that a rule written in `namespace` is about. Only a name without any dot is completed,
 * with the rule's own namespace; everything else is taken as fully qualified.
 */
export function resolveHost(host: string, namespace: string, clusterDomain: string): string {
  if (host === "" || host === "*" || host.includes(".") || isAddress(host)) return host;
  return `${host}.${namespace}.svc.${clusterDomain}`;
}

/** What is wrong with a host, exact or as `*.suffix`, that someone named; undefined if nothing is. */
export function hostPatternMistake(pattern: string): string | undefined {
  return /^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(pattern)
    ? undefined
    : `"${pattern}" isn't a host; write it in lower case, exact or as *.suffix`;
}

/** A name as DNS looks it up: without regard to case, and with or without its last dot. */
export function lookedUpName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** The host name that Istio registers a Kubernetes Service under. */
export function serviceHost(name: string, namespace: string, clusterDomain: string): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

/** The name that a Service of `namespace` has to have for this host; undefined where none could. */
export function serviceNameOf(
  host: string,
  namespace: string,
  clusterDomain: string,
): string | undefined {
  const suffix = `.${namespace}.svc.${clusterDomain}`;
  return host.endsWith(suffix) ? host.slice(0, -suffix.length) : undefined;
}

/** Whether every name that `host` stands for is covered by `pattern`. */
export function isCoveredBy(host: string, pattern: string): boolean {
  if (!isWildcard(pattern)) return host === pattern;
  if (!isWildcard(host)) return host.endsWith(pattern.slice(1));
  return host.length >= pattern.length && host.slice(1).endsWith(pattern.slice(1));
}

/** Whether two names, either of which may be a wildcard, have a name in common. */
export function overlaps(a: string, b: string): boolean {
  return isCoveredBy(a, b) || isCoveredBy(b, a);
}

/**
 * Values by host, looked up by the most specific one: the exact name, else the longest wildcard
 * that covers it. A lookup costs one step per distinct wildcard length, not per wildcard.
 */
export class HostTable<V> {
  private readonly values = new Map<string, V>();
  private readonly lengths: number[] = [];

  get size(): number {
    return this.values.size;
  }

  /** The value kept under exactly this key. */
  get(host: string): V | undefined {
    return this.values.get(host);
  }

  set(host: string, value: V): void {
    this.values.set(host, value);
    if (!isWildcard(host) || this.lengths.includes(host.length)) return;
    this.lengths.push(host.length);
    this.lengths.sort((a, b) => b - a);
  }

  /** The keys that cover `host`, most specific first. */
  matches(host: string): string[] {
    const keys = !isWildcard(host) && this.values.has(host) ? [host] : [];
    const tail = isWildcard(host) ? host.slice(1) : host;
    for (const length of this.lengths) {
      if (length - 1 > tail.length) continue;
      const key = `*${tail.slice(tail.length - (length - 1))}`;
      if (this.values.has(key)) keys.push(key);
    }
    return keys;
  }

  /** The value of the most specific key that covers `host`. */
  mostSpecific(host: string): V | undefined {
    if (!isWildcard(host)) {
      const exact = this.values.get(host);
      if (exact !== undefined || this.lengths.length === 0) return exact;
    }
    const [key] = this.matches(host);
    return key === undefined ? undefined : this.values.get(key);
  }

  /** The values of all keys that cover `host`. */
  allMatching(host: string): V[] {
    return this.matches(host).map((key) => this.values.get(key) as V);
  }

  /** Every key with its value, in the order of insertion. */
  entries(): IterableIterator<[string, V]> {
    return this.values.entries();
  }
}
