import ipaddr from "ipaddr.js";

/** Addresses of cloud metadata services that no range of their own gives away. */
const METADATA_ADDRESSES: Record<string, string> = {
  "169.254.169.254": "the metadata service of most clouds",
  "169.254.170.2": "the credentials service of AWS containers",
  "fd00:ec2::254": "the metadata service of AWS",
  "100.100.100.200": "the metadata service of Alibaba Cloud",
  "168.63.129.16": "the platform service of Azure",
  "192.0.0.192": "the metadata service of Oracle Cloud",
};

/** Ranges of which no address can be a server outside, in ipaddr.js's words. */
const RANGES: Record<string, string> = {
  unspecified: "no address of a host",
  loopback: "the calling machine itself",
  linkLocal: "link-local: a neighbour of the calling node",
  multicast: "a multicast address",
  broadcast: "a broadcast address",
};

/** Names that mean the calling machine itself, a metadata service or the API server. */
const NAMES: readonly { pattern: RegExp; means: string }[] = [
  {
    pattern: /^(localhost|.+\.localhost|localhost\.localdomain)$/,
    means: "the calling machine itself",
  },
  { pattern: /^ip6-(localhost|loopback)$/, means: "the calling machine itself" },
  {
    pattern: /^(metadata|metadata\.google\.internal|metadata\.goog|instance-data(\..+)?)$/,
    means: "a cloud's metadata service",
  },
  { pattern: /^kubernetes\.default(\.svc(\..+)?)?$/, means: "the cluster's own API server" },
];

/** What an address means that no alias may stand for; undefined for an ordinary one. */
export function specialAddress(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.process(address);
  return METADATA_ADDRESSES[parsed.toString()] ?? RANGES[parsed.range()];
}

/** What a name means that no alias may stand for; undefined for an ordinary one. */
export function specialName(name: string): string | undefined {
  const lowered = name.toLowerCase().replace(/\.$/, "");
  return NAMES.find(({ pattern }) => pattern.test(lowered))?.means;
}

/** Whether an external name is written as an IPv4 address. */
export function looksLikeAddress(name: string): boolean {
  return /^\d+(\.\d+){3}\.?$/.test(name);
}

/** The range among some that an address lies in. */
export function rangeOf(address: string, cidrs: readonly string[]): string | undefined {
  if (!ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.process(address);
  return cidrs.find((cidr) => {
    const [network, bits] = ipaddr.parseCIDR(cidr);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}
