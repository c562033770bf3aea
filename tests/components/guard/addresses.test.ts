import assert from "node:assert/strict";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { SPECIAL_PATTERN } from "../../../components/guard/addresses.js";
import { specialAddress, specialName } from "../../../policies/special-addresses.js";

const pattern = new RegExp(SPECIAL_PATTERN);
const isSpecial = (text: string) => pattern.test(text.toLowerCase());

const METADATA = [
  "169.254.169.254",
  "169.254.170.2",
  "fd00:ec2::254",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
];

/** One IPv6 address in all the ways that it can be written. */
function writings(address: string): string[] {
  const parsed = ipaddr.IPv6.parse(address);
  const { parts } = parsed;
  const full = parts.map((part) => part.toString(16));
  const padded = full.map((part) => part.padStart(4, "0"));
  return [parsed.toRFC5952String(), full.join(":"), padded.join(":")].flatMap((text) => [
    text,
    text.toUpperCase(),
  ]);
}

const octet = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 16, 63, 100, 127, 129, 168, 169, 192, 200, 254) },
  { weight: 1, arbitrary: fc.nat(255) },
  { weight: 1, arbitrary: fc.integer({ min: 222, max: 242 }) },
);
const v4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));
const group = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 0, 0, 1, 0x254, 0xec2, 0xfd00, 0xfe80, 0xffff) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
);
const v6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((one) => one.toString(16)).join(":"));

describe("the guard's pattern of special addresses", () => {
  for (const address of METADATA) {
    it(`has ${address}, however it is written`, () => {
      const ways = ipaddr.IPv6.isValid(address) ? writings(address) : [address];
      for (const way of ways) assert.ok(isSpecial(way), way);
    });
  }

  for (const address of [
    "0169.0254.169.254",
    "127.000.000.001",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
  ]) {
    it(`has ${address}, which older API servers take`, () => assert.ok(isSpecial(address)));
  }

  it("agrees with the policy pack about IPv4 addresses", () => {
    fc.assert(
      fc.property(v4, (address) => {
        assert.equal(isSpecial(address), specialAddress(address) !== undefined, address);
      }),
      { numRuns: 500 },
    );
  });

  it("agrees with the policy pack about IPv6 addresses, in all their writings", () => {
    fc.assert(
      fc.property(v6, (address) => {
        const parsed = ipaddr.IPv6.parse(address);
        // The pack looks into an address in disguise; the guard has none of them.
        const expected = parsed.isIPv4MappedAddress() || specialAddress(address) !== undefined;
        for (const way of writings(address)) assert.equal(isSpecial(way), expected, way);
      }),
      { numRuns: 500 },
    );
  });

  const NAMES = [
    ["localhost", "a.localhost", "localhost.localdomain", "ip6-loopback", "LOCALHOST."],
    ["metadata", "metadata.google.internal", "Metadata.goog", "instance-data.ec2.internal"],
    ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"],
    ["httpbin.org", "localhost.example.com", "metadata.example.com", "kubernetes.io", ""],
    ["my-localhost", "kubernetes.defaults", "169.254.example.com", "db.metadata", "ff02.example"],
  ].flat();
  for (const name of NAMES) {
    it(`agrees with the policy pack about the name "${name}"`, () => {
      assert.equal(isSpecial(name), specialName(name) !== undefined);
    });
  }
});
