import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import type { Catalogue, CatalogueTls } from "../../../catalogue/catalogue.js";
import { certificateRow, carries, certificateQuestions } from "../../../cli/drift/certificates.js";
import { driftOf } from "../../../cli/drift/drift.js";
import type { DriftRow } from "../../../cli/drift/row.js";
import {
  catalogueOf,
  day,
  type Issued,
  listening,
  NAMED,
  portOf,
  serve,
  withoutTls,
} from "./tls-server.js";

const OWN_CA = "/etc/partner/ca.crt";

async function rowFor(server: Server, mode: object = {}, expiresWithin = 14): Promise<DriftRow> {
  const declared = { mode: "SIMPLE", sni: "api.example.com", caCertificates: OWN_CA, ...mode };
  const catalogue = catalogueOf(portOf(server), declared);
  const { rows } = await driftOf(catalogue, "Pulumi.test.yaml", [], { expiresWithin });
  assert.equal(rows.length, 1);
  return rows[0]!;
}

const CERTIFICATES: [what: string, issued: Issued, state: DriftRow["state"], found: string][] = [
  ["that is as declared", { names: NAMED }, "ok", `api.example.com, until ${day(90)}`],
  [
    "with a wildcard for the name",
    { names: [{ type: "dns", value: "*.example.com" }] },
    "ok",
    `*.example.com, until ${day(90)}`,
  ],
  [
    "for another name",
    { names: [{ type: "dns", value: "old.example.com" }] },
    "drift",
    "it is for old.example.com",
  ],
  ["whose common name alone is some name", {}, "drift", "it is for no name at all"],
  ["that ends soon", { names: NAMED, ends: 13 }, "drift", `it expires on ${day(13)}, in 13 days`],
  ["that has ended", { names: NAMED, ends: -0.5 }, "drift", `it expired on ${day(-0.5)}`],
  ["that hasn't begun", { names: NAMED, begins: 2 }, "drift", `it begins on ${day(2)}`],
  [
    "with two faults",
    { names: [{ type: "ip", value: "192.0.2.1" }], ends: 1 },
    "drift",
    `it is for 192.0.2.1; it expires on ${day(1)}, in 1 days`,
  ],
];

describe("the certificate of a server outside", function () {
  this.timeout(20_000);

  for (const [what, issued, state, found] of CERTIFICATES) {
    it(`${what} is ${state === "ok" ? "well" : "reported"}`, async () => {
      const server = await serve(issued);
      try {
        const row = await rowFor(server);
        assert.deepEqual(row, {
          subject: `default/api at 127.0.0.1:${portOf(server)}`,
          about: "certificate",
          declared: "api.example.com, 14 days or more",
          found,
          state,
        });
      } finally {
        server.close();
      }
    });
  }

  it("is the one for the name that sidecars ask for", async () => {
    const other = await serve({ names: [{ type: "dns", value: "other.example.com" }] });
    const asked: string[] = [];
    const server = await serve(
      { names: NAMED },
      {
        SNICallback: (name, done) => {
          asked.push(name);
          done(null);
        },
      },
    );
    try {
      assert.equal((await rowFor(server)).state, "ok");
      assert.deepEqual(asked, ["api.example.com"]);
    } finally {
      server.close();
      other.close();
    }
  });

  it("must come from a public authority where the alias has none of its own", async () => {
    const server = await serve({ names: NAMED });
    try {
      const { state, found } = await rowFor(server, { caCertificates: undefined });
      assert.equal(state, "drift");
      assert.equal(found, "no public authority vouches for it (DEPTH_ZERO_SELF_SIGNED_CERT)");
    } finally {
      server.close();
    }
  });

  it("is looked at with MUTUAL too, though no certificate is shown to the server", async () => {
    const certificates = { clientCertificate: "/etc/c.crt", privateKey: "/etc/c.key" };
    const asking = { requestCert: true, rejectUnauthorized: true };
    const modern = await serve({ names: NAMED }, { ...asking, minVersion: "TLSv1.3" });
    const older = await serve({ names: NAMED }, { ...asking, maxVersion: "TLSv1.2" });
    try {
      const mutual = { mode: "MUTUAL", ...certificates };
      assert.equal((await rowFor(modern, mutual)).state, "ok");
      const { state, found } = await rowFor(older, mutual);
      // TLS 1.2 asks for the client's certificate before anything is agreed on.
      assert.ok(state === "ok" || state === "unknown", found);
    } finally {
      modern.close();
      older.close();
    }
  });

  it("is missing where something else than TLS is spoken", async () => {
    const server = await withoutTls();
    try {
      const { state, found } = await rowFor(server);
      assert.equal(state, "drift");
      assert.match(found, /^no TLS: /);
    } finally {
      server.close();
    }
  });

  it("is unknown where nobody listens", async () => {
    const server = await listening(createServer());
    const port = portOf(server);
    server.close();
    await once(server, "close");
    const declared = { mode: "SIMPLE", sni: "api.example.com" };
    const { rows } = await driftOf(catalogueOf(port, declared), "Pulumi.test.yaml", [], {
      expiresWithin: 14,
    });
    assert.equal(rows[0]?.state, "unknown");
    assert.equal(rows[0]?.found, "not reached: ECONNREFUSED");
  });
});

const NAMES: [name: string, declared: string, carries: boolean][] = [
  ["a.example.com", "a.example.com", true],
  ["A.example.com", "a.Example.com", true],
  ["*.example.com", "a.example.com", true],
  ["*.example.com", "*.example.com", true],
  ["*.example.com", "a.b.example.com", false],
  ["*.example.com", "example.com", false],
  ["a.*.com", "a.example.com", false],
  ["a*.example.com", "ab.example.com", true],
  ["a*c.example.com", "abc.example.com", true],
  ["a*c.example.com", "a.example.com", false],
  ["xn--a*.example.com", "xn--ab.example.com", false],
  ["*", "com", false],
  ["b.example.com", "a.example.com", false],
  ["192.0.2.1", "192.0.2.1", true],
  ["spiffe://a/ns/b", "spiffe://a/ns/b", true],
];

describe("a name on a certificate", () => {
  for (const [name, declared, expected] of NAMES) {
    it(`${name} ${expected ? "stands" : "doesn't stand"} for ${declared}`, () => {
      assert.equal(carries(name, declared), expected);
    });
  }
});

describe("the servers that are looked at", () => {
  const simple: CatalogueTls = { mode: "SIMPLE", sni: "a.test", subjectAltNames: ["a.test"] };
  const ports = [
    { name: "http", port: 80, targetPort: 443 },
    { name: "grpc", port: 443 },
    { name: "tls", port: 8443 },
    { name: "udp-log", port: 514 },
  ];

  it("are those at each address and each port that sidecars encrypt on", () => {
    const aliases = [
      { name: "a", namespace: "default", externalName: "a.test", ports, call: {}, tls: simple },
      {
        name: "b",
        namespace: "shop",
        addresses: ["192.0.2.1", "2001:db8::1"],
        endpointsApi: "Endpoints",
        ports: [{ name: "http", port: 8080 }],
        call: {},
        tls: simple,
      },
      {
        name: "c",
        namespace: "shop",
        externalName: "c.test",
        location: "inside",
        inside: { service: "c-inside" },
        ports,
        call: {},
        tls: simple,
      },
      {
        name: "d",
        namespace: "shop",
        externalName: "d.test",
        ports,
        call: {},
        tls: { mode: "DISABLE" },
      },
    ] as unknown as Catalogue["aliases"];
    const catalogue = { aliases } as Catalogue;
    const asked = certificateQuestions(catalogue, ({ addresses }) => addresses ?? ["198.51.100.1"]);
    assert.deepEqual(
      asked.map(({ subject }) => subject),
      ["default/a at 198.51.100.1:443", "shop/b at 192.0.2.1:8080", "shop/b at [2001:db8::1]:8080"],
    );
  });
});

describe("a certificate that can't be read", () => {
  it("is drift, and ends nothing", () => {
    const tls = { mode: "SIMPLE" as const, sni: "a.example", subjectAltNames: ["a.example"] };
    const question = { subject: "a", address: "192.0.2.1", port: 443, sni: tls.sni, tls };
    const shown = { certificate: Buffer.from("no certificate"), distrust: undefined };
    const { state, found } = certificateRow(question, shown, { now: Date.now(), soon: 14 });
    assert.deepEqual([state, found], ["drift", "its certificate can't be read"]);
  });
});
