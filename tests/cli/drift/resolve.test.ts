import assert from "node:assert/strict";
import { dnsResolver, type Family, resolveName } from "../../../cli/drift/resolve.js";
import { Mistake } from "../../../cli/mistake.js";
import { NameServer, records, type Zone } from "./name-server.js";

const BOTH: Family[] = [4, 6];

const CASES: [what: string, zone: Zone, families: Family[], answer: object][] = [
  [
    "addresses of both families, sorted as numbers, IPv4 first",
    { "a.test": [records("2001:db8::2", "192.0.2.10", "192.0.2.9")] },
    BOTH,
    { addresses: ["192.0.2.9", "192.0.2.10", "2001:db8::2"], ttl: 600, queries: 1 },
  ],
  [
    "IPv4 alone, where nothing else is declared",
    { "a.test": [records("2001:db8::2", "192.0.2.10")] },
    [4],
    { addresses: ["192.0.2.10"], ttl: 600, queries: 1 },
  ],
  [
    "IPv6 alone",
    { "a.test": [records("2001:db8::2", "192.0.2.10")] },
    [6],
    { addresses: ["2001:db8::2"], ttl: 600, queries: 1 },
  ],
  [
    "IPv6 as a catalogue writes it",
    { "a.test": [records("2001:0db8:0000:0000:0000:0000:0000:00A2")] },
    BOTH,
    { addresses: ["2001:db8::a2"], ttl: 600, queries: 1 },
  ],
  [
    "what another name has, with the shortest life on the way",
    {
      "a.test": [
        [
          { type: "CNAME", data: "b.test", ttl: 20 },
          { type: "A", name: "b.test", data: "192.0.2.1", ttl: 900 } as never,
        ],
      ],
    },
    [4],
    { addresses: ["192.0.2.1"], ttl: 20, queries: 1 },
  ],
  ["no such name", {}, BOTH, { addresses: [], ttl: undefined, queries: 1 }],
  [
    "a name without addresses",
    { "a.test": [[]] },
    BOTH,
    { addresses: [], ttl: undefined, queries: 1 },
  ],
  [
    "a server that fails",
    { "a.test": "SERVFAIL" },
    BOTH,
    { failure: "the DNS server failed (SERVFAIL)" },
  ],
  [
    "a server that refuses",
    { "a.test": "REFUSED" },
    BOTH,
    { failure: "the DNS server refuses (REFUSED)" },
  ],
];

describe("the addresses of a name", function () {
  this.timeout(20_000);
  let server: NameServer;
  before(async () => {
    server = await NameServer.start({});
  });
  after(() => server.stop());

  for (const [what, zone, families, expected] of CASES) {
    it(`are reported for ${what}`, async () => {
      server.zone = zone;
      const answer = await resolveName(dnsResolver([server.address]), "a.test", families, 0);
      assert.deepEqual(answer, expected);
    });
  }

  it("are those of every answer within the time that is given, each queried when its TTL is over", async () => {
    server.asked.clear();
    server.zone = {
      "a.test": [
        [{ type: "A", data: "192.0.2.1", ttl: 1 }],
        [{ type: "A", data: "192.0.2.2", ttl: 1 }],
        [{ type: "A", data: "192.0.2.2", ttl: 600 }],
      ],
    };
    const resolver = dnsResolver([server.address]);
    const started = Date.now();
    const answer = await resolveName(resolver, "a.test", [4], started + 30_000);
    assert.deepEqual(answer, { addresses: ["192.0.2.1", "192.0.2.2"], ttl: 1, queries: 3 });
    assert.equal(server.asked.get("A a.test"), 3);
    assert.ok(Date.now() - started >= 2_000, "not before the TTL was over");
  });

  it("are queried at the next server where one doesn't answer", async () => {
    server.zone = { "a.test": [records("192.0.2.1")] };
    const gone = await NameServer.start({});
    const { address } = gone;
    gone.stop();
    const answer = await resolveName(dnsResolver([address, server.address]), "a.test", [4], 0);
    assert.deepEqual(answer, { addresses: ["192.0.2.1"], ttl: 600, queries: 1 });
  });

  it("aren't queried at something that is no address", () => {
    assert.throws(
      () => dnsResolver(["dns.example.com"]),
      (error: Error) => {
        assert.ok(error instanceof Mistake);
        assert.match(error.message, /^--dns-server dns\.example\.com: not addresses; write/);
        return true;
      },
    );
  });
});
