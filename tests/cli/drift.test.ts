import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ExitCode } from "../../cli/mistake.js";
import type { DriftReport } from "../../cli/drift/row.js";
import { assertIsMistake, istioEgress } from "./command.js";
import { NameServer, records } from "./drift/name-server.js";

const FILE = `config:
  istio-egress:catalogue:
    mesh:
      clusterCidrs: [10.0.0.0/8]
    clients: []
    aliases:
      - name: wiki
        addresses:
          - 192.0.2.1 # Amsterdam
          - 2001:db8::1
        resolves: wiki.test
        ports:
          - name: tls
            port: 443
        tls:
          mode: DISABLE
      - name: bin
        externalName: bin.test
        ports:
          - name: http
            port: 80
        tls:
          mode: DISABLE
      - name: ledger
        addresses:
          - 198.51.100.20
        ports:
          - name: tcp
            port: 5432
        tls:
          mode: DISABLE
`;

const AS_DECLARED = {
  "wiki.test": [records("192.0.2.1", "2001:db8::1")],
  "bin.test": [records("203.0.113.5")],
};

describe("istio-egress drift", function () {
  this.timeout(30_000);
  const folder = mkdtempSync(path.join(tmpdir(), "drift-"));
  const file = path.join(folder, "Pulumi.prod.yaml");
  let server: NameServer;
  before(async () => {
    server = await NameServer.start(AS_DECLARED);
  });
  beforeEach(() => {
    server.zone = AS_DECLARED;
    writeFileSync(file, FILE);
  });
  after(() => {
    server.stop();
    rmSync(folder, { recursive: true });
  });

  const drift = (...args: string[]) =>
    istioEgress([
      "drift",
      "--project",
      folder,
      "--stack",
      "prod",
      "--dns-server",
      server.address,
      ...args,
    ]);

  it("is content where DNS answers as declared, and says what isn't compared", async () => {
    const { stdout, code } = await drift();
    assert.equal(
      stdout,
      `    what          declared                            found
ok  default/wiki  192.0.2.1, 2001:db8::1 (wiki.test)  192.0.2.1, 2001:db8::1
ok  default/bin   bin.test                            203.0.113.5

note: The addresses of default/ledger are compared with nothing: write resolves, the name that they
are of.

All 2 as Pulumi.prod.yaml declares.
`,
    );
    assert.equal(code, ExitCode.Ok);
  });

  it("says what DNS answers otherwise, and changes nothing", async () => {
    server.zone = { "wiki.test": [records("192.0.2.1", "192.0.2.7", "2001:db8::2")] };
    const { stdout, code } = await drift("--format", "json");
    const { rows } = JSON.parse(stdout) as DriftReport;
    assert.deepEqual(
      rows.map(({ subject, state, found }) => [subject, state, found]),
      [
        [
          "default/wiki",
          "drift",
          "not answered: 2001:db8::1; not declared: 192.0.2.7, 2001:db8::2 (TTL 600 s)",
        ],
        ["default/bin", "drift", "bin.test has no address"],
      ],
    );
    assert.equal(code, ExitCode.Violation);
    assert.equal(readFileSync(file, "utf8"), FILE);
  });

  it("asks for the families that are declared, and no other", async () => {
    writeFileSync(file, FILE.replace("          - 2001:db8::1\n", ""));
    const { code } = await drift();
    assert.equal(code, ExitCode.Ok);
  });

  it("says of a short-lived answer that it may not be all, and takes several with --for", async () => {
    const one = (data: string) => [{ type: "A" as const, data, ttl: 1 }, ...records("2001:db8::1")];
    server.zone = { ...AS_DECLARED, "wiki.test": [one("192.0.2.9"), one("192.0.2.1")] };
    server.asked.clear();
    const once = await drift();
    assert.match(once.stdout.replace(/\s+/g, " "), /TTL 1 s, so answers may rotate: try --for/);
    server.asked.clear();
    const { stdout } = await drift("--for", "2.5", "--format", "json");
    const [row] = (JSON.parse(stdout) as DriftReport).rows;
    assert.match(row!.found, /^not declared: 192\.0\.2\.9 \(TTL 1 s, queried [23] times\)$/);
  });

  it("doesn't take silence for an answer", async () => {
    server.zone = { ...AS_DECLARED, "wiki.test": "SERVFAIL" };
    const { stdout, code } = await drift("--format", "markdown");
    assert.match(stdout, /^\| ❓ unknown \| default\/wiki \|.*the DNS server failed/m);
    assert.match(stdout, /^1 as Pulumi\.prod\.yaml declares, 1 unknown\.$/m);
    assert.equal(code, ExitCode.Undecided);
  });

  describe("--write", () => {
    it("puts into the catalogue what DNS answers, and nothing else", async () => {
      server.zone = {
        ...AS_DECLARED,
        "wiki.test": [records("192.0.2.1", "192.0.2.7", "2001:db8::2")],
      };
      const { stdout, code } = await drift("--write");
      assert.match(stdout.replace(/\s+/g, " "), /written: 192\.0\.2\.1, 192\.0\.2\.7, 2001:db8::2/);
      assert.equal(code, ExitCode.Ok);
      const expected = FILE.replace(
        "          - 2001:db8::1\n",
        "          - 192.0.2.7\n          - 2001:db8::2\n",
      );
      assert.equal(readFileSync(file, "utf8").replace("[ 10.0.0.0/8 ]", "[10.0.0.0/8]"), expected);
      assert.equal((await drift()).code, ExitCode.Ok);
    });

    it("never leaves an alias without addresses", async () => {
      server.zone = { "bin.test": [records("203.0.113.5")] };
      const { stdout, code } = await drift("--write");
      assert.match(stdout, /^DRIFT .*wiki\.test has no address$/m);
      assert.equal(code, ExitCode.Violation);
      assert.equal(readFileSync(file, "utf8"), FILE);
    });

    it("writes no address that a catalogue may not have", async () => {
      server.zone = { ...AS_DECLARED, "wiki.test": [records("10.1.2.3", "2001:db8::1")] };
      const ending = await drift("--write");
      assertIsMistake(ending, /nothing was written\.\n.*"10\.1\.2\.3" is inside the cluster/);
      assert.equal(readFileSync(file, "utf8"), FILE);
    });
  });

  it("refuses a stack that there isn't, and a server that is no address", async () => {
    assertIsMistake(await drift("--stack", "nope"), /there is no .*Pulumi\.nope\.yaml/);
    const named = await istioEgress(["drift", "--dns-server", "dns.test"]);
    assertIsMistake(named, /^istio-egress: --dns-server dns\.test: not addresses/);
  });
});
