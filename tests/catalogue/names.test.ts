import assert from "node:assert/strict";
import { addressMistake, externalNameMistake } from "../../catalogue/names.js";

const EXTERNAL_NAMES: [externalName: string, message: string][] = [
  ["https://httpbin.org/get", "is a URL; write the host alone: httpbin.org"],
  ["httpbin.org/get", "has a path; write the host alone: httpbin.org"],
  ["httpbin.org:443", "has a port; write the host alone, and the port under ports"],
  ["httpbin.org.", "ends with a dot, which Istio never matches; write httpbin.org"],
  ["*.httpbin.org", "is a wildcard; write the one host that the alias stands for"],
  ["HTTPbin.org", "has capitals; write httpbin.org"],
  ["192.0.2.1", 'is an address, and DNS would take it for a name; write addresses: ["192.0.2.1"]'],
  [
    "2001:db8::1",
    'is an address, and DNS would take it for a name; write addresses: ["2001:db8::1"]',
  ],
  ["localhost", "is the client itself; write a host outside the cluster"],
  ["httpbin", "is a short name; write it in full, as outside DNS has it"],
  ["http_bin.org", 'isn\'t a DNS name, because of "http_bin"; write a-z, 0-9 and "-" inside'],
];

const ADDRESSES: [address: string, message: string][] = [
  ["127.0.0.1", "is a loopback address, which Kubernetes refuses; write an address outside"],
  ["127.9.9.9", "is a loopback address, which Kubernetes refuses; write an address outside"],
  ["::1", "is a loopback address, which Kubernetes refuses; write an address outside"],
  ["169.254.169.254", "is link-local, which Kubernetes refuses; write an address outside"],
  ["fe80::1", "is link-local, which Kubernetes refuses; write an address outside"],
  ["0.0.0.0", "is the unspecified address, which Kubernetes refuses; write an address outside"],
  ["::", "is the unspecified address, which Kubernetes refuses; write an address outside"],
  ["224.0.0.1", "is link-local multicast, which Kubernetes refuses; write an address outside"],
  ["ff02::1", "is link-local multicast, which Kubernetes refuses; write an address outside"],
  ["::ffff:192.0.2.1", "is an IPv4 address in disguise; write 192.0.2.1"],
  ["2001:DB8:0:0::1", "has a shorter form; write 2001:db8::1"],
  ["010.0.0.1", "isn't an IP address; write it alone, without port, range or leading zeros"],
  ["192.0.2.1:443", "isn't an IP address; write it alone, without port, range or leading zeros"],
  ["192.0.2.0/24", "isn't an IP address; write it alone, without port, range or leading zeros"],
  ["256.1.1.1", "isn't an IP address; write it alone, without port, range or leading zeros"],
  ["en.wikipedia.org", "is a name; write it as externalName, or its addresses here"],
];

describe("the name of something outside", () => {
  for (const name of [
    "httpbin.org",
    "a.b.c.example.com",
    "xn--bcher-kva.example",
    "1.example.com",
  ]) {
    it(`can be ${name}`, () => assert.equal(externalNameMistake(name), undefined));
  }
  for (const [name, message] of EXTERNAL_NAMES) {
    it(`can't be ${name}`, () => {
      assert.equal(externalNameMistake(name), `${JSON.stringify(name)} ${message}`);
    });
  }
});

describe("the address of something outside", () => {
  for (const address of ["91.198.174.192", "10.0.0.1", "224.0.1.1", "2001:db8::1", "ff0e::1"]) {
    it(`can be ${address}`, () => assert.equal(addressMistake(address), undefined));
  }
  for (const [address, message] of ADDRESSES) {
    it(`can't be ${address}`, () => {
      assert.equal(addressMistake(address), `${JSON.stringify(address)} ${message}`);
    });
  }
});
