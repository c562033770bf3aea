/**
 * What Kubernetes and Istio accept as names and addresses of things outside. Each function returns
 * what is wrong and what to write instead, or undefined.
 */
import ipaddr from "ipaddr.js";
import { PORT_PROTOCOLS, protocolOf } from "./ports.js";

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Mirrors Kubernetes' RFC 1123 label (namespaces, port names). */
export function labelMistake(value: string): string | undefined {
  if (value.length > 63) return `has ${value.length} characters; write 63 or fewer`;
  if (LABEL.test(value)) return undefined;
  const nearest = value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return `${quote(value)} isn't a DNS label; write ${nearest || 'a-z, 0-9 and "-" inside'}`;
}

/** Mirrors Kubernetes' RFC 1035 label (Services): a label that starts with a letter. */
export function serviceNameMistake(value: string): string | undefined {
  const mistake = labelMistake(value);
  if (mistake || !/^[0-9]/.test(value)) return mistake;
  return `${quote(value)} starts with a digit, which a Service's name can't; write svc-${value}`;
}

/** A port's name: a label whose first word is a protocol that Istio knows. */
export function portNameMistake(value: string): string | undefined {
  const mistake = labelMistake(value);
  if (mistake || protocolOf(value)) return mistake;
  return (
    `${quote(value)} doesn't begin with a protocol, so Istio would guess; ` +
    `write tcp-${value}, or begin with one of ${PORT_PROTOCOLS.join(", ")}`
  );
}

/** What people write in place of a host's name, in the order in which it is reported. */
const NOT_A_HOST: readonly (readonly [
  is: (value: string) => boolean,
  say: (value: string) => string,
])[] = [
  [
    (value) => value.includes("://"),
    (value) => `is a URL; write the host alone: ${value.split(/[/:?#]+/)[1]}`,
  ],
  [
    (value) => value.includes("/"),
    (value) => `has a path; write the host alone: ${value.split("/")[0]}`,
  ],
  [
    (value) => ipaddr.isValid(value),
    (value) => `is an address, and DNS would take it for a name; write addresses: ["${value}"]`,
  ],
  [
    (value) => value.includes(":"),
    () => "has a port; write the host alone, and the port under ports",
  ],
  [
    (value) => value.includes("*"),
    () => "is a wildcard; write the one host that the alias stands for",
  ],
  [
    (value) => value.endsWith("."),
    (value) => `ends with a dot, which Istio never matches; write ${value.replace(/\.+$/, "")}`,
  ],
  [
    (value) => value !== value.toLowerCase(),
    (value) => `has capitals; write ${value.toLowerCase()}`,
  ],
  [(value) => value.length > 253, (value) => `has ${value.length} characters; write 253 or fewer`],
  [
    (value) => badLabel(value) !== undefined,
    (value) =>
      `isn't a DNS name, because of ${quote(badLabel(value)!)}; write a-z, 0-9 and "-" inside`,
  ],
  [
    (value) => value === "localhost" || value.endsWith(".localhost"),
    () => "is the client itself; write a host outside the cluster",
  ],
  [
    (value) => !value.includes("."),
    () => "is a short name; write it in full, as outside DNS has it",
  ],
];

function badLabel(name: string): string | undefined {
  return name.split(".").find((label) => labelMistake(label));
}

/** The name that an ExternalName Service stands for. */
export function externalNameMistake(value: string): string | undefined {
  const mistake = NOT_A_HOST.find(([is]) => is(value));
  return mistake && `${quote(value)} ${mistake[1](value)}`;
}

/** Ranges that Kubernetes refuses in Endpoints and EndpointSlices (its ValidateNonSpecialIP). */
const REFUSED: readonly (readonly [range: string, why: string])[] = [
  ["0.0.0.0/32", "the unspecified address"],
  ["::/128", "the unspecified address"],
  ["127.0.0.0/8", "a loopback address"],
  ["::1/128", "a loopback address"],
  ["169.254.0.0/16", "link-local"],
  ["fe80::/10", "link-local"],
  ["224.0.0.0/24", "link-local multicast"],
  ["ff02::/16", "link-local multicast"],
];

/** An address that an alias stands for, as Kubernetes accepts and stores it. */
export function addressMistake(value: string): string | undefined {
  const name = quote(value);
  const plain = ipaddr.IPv4.isValidFourPartDecimal(value) || ipaddr.IPv6.isValid(value);
  if (!plain) {
    const host = /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/i.test(value);
    if (host) return `${name} is a name; write it as externalName, or its addresses here`;
    return `${name} isn't an IP address; write it alone, without port, range or leading zeros`;
  }
  const address = ipaddr.parse(value);
  const refused = REFUSED.find(([range]) => contains(range, address));
  if (refused)
    return `${name} is ${refused[1]}, which Kubernetes refuses; write an address outside`;
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) {
    return `${name} is an IPv4 address in disguise; write ${address.toIPv4Address().toString()}`;
  }
  const canonical = address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
  return value === canonical ? undefined : `${name} has a shorter form; write ${canonical}`;
}

/** The DNS domain of a cluster. */
export function domainMistake(value: string): string | undefined {
  const label = badLabel(value);
  return label === undefined
    ? undefined
    : `${quote(value)} isn't a domain, because of ${quote(label)}; write one such as cluster.local`;
}

/** One entry of exportTo. */
export function exportToMistake(value: string): string | undefined {
  if (value === "*" || value === ".") return undefined;
  if (value === "~")
    return '"~" is for nobody, which a rule can\'t be; write "." for the alias\'s own namespace';
  return labelMistake(value);
}

/** A day in UTC. */
export function dayMistake(value: string): string | undefined {
  const date = new Date(`${value}T00:00:00Z`);
  const isDay = !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === value;
  return isDay ? undefined : `${quote(value)} isn't a day; write one such as 2026-12-31`;
}

/** Ranges that were read already: a few, each compared with every address. */
const networks = new Map<string, [ipaddr.IPv4 | ipaddr.IPv6, number]>();

/** Whether a CIDR range holds an address; false for a range of the other family. */
export function contains(range: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const known = networks.get(range) ?? ipaddr.parseCIDR(range);
  networks.set(range, known);
  const [network, bits] = known;
  return network.kind() === address.kind() && address.match(network, bits);
}

export function quote(value: string): string {
  return JSON.stringify(value);
}
