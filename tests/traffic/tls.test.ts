import assert from "node:assert/strict";
import type { ClusterTls } from "../../local/cluster-tls.js";
import type { Sighting } from "./origin.js";
import { CLIENT_NAME } from "./origins.js";
import { type TestLab, sharedLab } from "./shared-lab.js";

/** A TLS intent as the catalogue declares it, and what comes of it on the wire. */
interface Row {
  title: string;
  alias: string;
  /** What the client's sidecar does. */
  tls: ClusterTls;
  /** The status of the answer to a plain HTTP request. */
  status: string;
  /** What the origin saw of TLS. */
  seen: NonNullable<Sighting["tls"]>;
  /** Why the origin says that it wasn't to be. */
  refused?: RegExp;
}

const ROWS: Row[] = [
  {
    title: "SIMPLE turns plain HTTP into TLS and asks for the target's name, not the alias's",
    alias: "my-secure",
    tls: "SIMPLE",
    status: "200",
    seen: { sni: "secure.example.com" },
  },
  {
    title: "SIMPLE refuses a server whose certificate is for another name",
    alias: "wrong-name",
    tls: "SIMPLE",
    status: "503",
    seen: { sni: "secure.example.com" },
    refused: /certificate unknown/,
  },
  {
    title: "SIMPLE refuses a server whose certificate comes from another authority",
    alias: "wrong-authority",
    tls: "SIMPLE",
    status: "503",
    seen: { sni: "secure.example.com" },
    refused: /unknown ca/,
  },
  {
    title: "SIMPLE without caCertificates trusts public authorities, and not this one",
    alias: "public-authorities",
    tls: "SIMPLE",
    status: "503",
    seen: { sni: "secure.example.com" },
    refused: /unknown ca/,
  },
  {
    title: "SIMPLE doesn't get into a server that asks for a certificate",
    alias: "no-certificate",
    tls: "SIMPLE",
    status: "503",
    seen: { sni: "partner.example.net" },
    refused: /did not return a certificate/,
  },
  {
    title: "MUTUAL shows the declared certificate to a server that asks for it",
    alias: "my-partner",
    tls: "MUTUAL",
    status: "200",
    seen: { sni: "partner.example.net", client: CLIENT_NAME },
  },
];

describe("TLS intent on the wire", function () {
  this.timeout(30_000);
  let lab: TestLab;

  before(async function () {
    lab = await sharedLab(this);
  });

  for (const { title, alias, tls, status, seen, refused } of ROWS) {
    it(title, async () => {
      const clusters = await lab.sidecar.clusters();
      const target = alias === "my-secure" ? "secure.example.com" : hostOf(alias);
      assert.equal(clusters.find(({ host }) => host === target)?.tls, tls);

      const line = `curl -sS -o /dev/null -w "%{http_code}" http://${hostOf(alias)}/headers`;
      const { result, seen: sightings } = await lab.origins.during(() =>
        lab.clients.inMesh.exec(line),
      );
      assert.equal(result.stdout, status, result.stderr);
      for (const sighting of sightings) {
        assert.deepEqual(sighting.tls, seen);
        assert.equal(sighting.port, 443);
        if (refused) assert.match(sighting.refused ?? "", refused);
        else assert.equal(sighting.request?.host, seen.sni);
      }
    });
  }

  it("gives the server its own name in the Host header, whichever name of the alias was called", async () => {
    for (const name of ["my-secure", "my-secure.default", hostOf("my-secure"), "my-partner:80"]) {
      const line = `curl -sS http://${name}/headers`;
      const { result, seen } = await lab.origins.during(() => lab.clients.inMesh.exec(line));
      const server = name.startsWith("my-secure") ? "secure.example.com" : "partner.example.net";
      assert.equal(seen[0]?.request?.host, server, result.stdout + result.stderr);
    }
  });

  it("leaves a client outside the mesh alone: what it sends in plain text arrives so", async () => {
    const line = `curl -sS -o /dev/null -w "%{http_code}" http://${hostOf("wrong-name")}/headers`;
    const { result, seen } = await lab.origins.during(() => lab.clients.outsideMesh.exec(line));
    // The Service sends it on to port 443, where TLS is spoken.
    assert.notEqual(result.stdout, "200");
    assert.deepEqual(
      seen.map(({ port, tls }) => ({ port, tls })),
      [{ port: 443, tls: undefined }],
    );
  });
});

function hostOf(alias: string): string {
  return `${alias}.default.svc.cluster.local`;
}
