import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { podContainer, shakeHandsIn } from "../../../cli/drift/from-pod.js";
import { driftOf } from "../../../cli/drift/drift.js";
import { ApiServer } from "../../../cli/kube/api-server.js";
import { assertIsMistake, istioEgress } from "../command.js";
import { ExecEndpoint } from "./exec-endpoint.js";
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

/** A server that hangs up at a request: no answer is waited for. */
async function shortSpoken(issued: Issued): Promise<Server> {
  const server = await serve(issued);
  return server.on("secureConnection", (socket: Socket) => {
    socket.once("data", () => socket.end());
  });
}

const POD = { namespace: "shop", pod: "web-0", container: "app" };

/**
 * No kubelet can be run here, so no Pod either: an endpoint of ours speaks the protocol of pods/exec with
 * Kubernetes' client library, and runs the command, a real curl, on this machine.
 */
describe("certificates as a client's Pod sees them", function () {
  this.timeout(60_000);
  let endpoint: ExecEndpoint;
  before(async () => {
    endpoint = await ExecEndpoint.start();
  });
  after(() => endpoint.stop());

  const rowFor = async (server: Server, by = endpoint, mode: object = {}) => {
    const declared = { mode: "SIMPLE", sni: "api.example.com", caCertificates: "/ca", ...mode };
    const api = await ApiServer.from({ content: by.kubeconfig });
    const catalogue = catalogueOf(portOf(server), declared);
    const soon = { expiresWithin: 14 };
    const { rows } = await driftOf(catalogue, "f", [], soon, shakeHandsIn(api, POD));
    assert.equal(rows.length, 1);
    return rows[0]!;
  };

  it("are looked at by a curl in the container that is named", async () => {
    const server = await shortSpoken({ names: NAMED });
    try {
      const { state, found } = await rowFor(server);
      assert.deepEqual([state, found], ["ok", `api.example.com, until ${day(90)}`]);
      const { path, command } = endpoint.requests.at(-1)!;
      assert.equal(path, "/api/v1/namespaces/shop/pods/web-0/exec");
      assert.equal(command[0], "curl");
      assert.ok(command.includes(`api.example.com:${portOf(server)}:127.0.0.1`));
    } finally {
      server.close();
    }
  });

  for (const [what, issued, mode, says] of [
    ["that expires soon", { names: NAMED, ends: 3 }, {}, `it expires on ${day(3)}, in 3 days`],
    [
      "for another name",
      { names: [{ type: "dns" as const, value: "old.example.com" }] },
      {},
      "it is for old.example.com",
    ],
    [
      "of no authority that the Pod has",
      { names: NAMED },
      { caCertificates: undefined },
      "no public authority vouches for it (X509_V_ERR 18)",
    ],
  ] as const) {
    it(`${what} are drift`, async () => {
      const server = await shortSpoken({ ...issued, names: [...issued.names] });
      try {
        const { state, found } = await rowFor(server, endpoint, mode);
        assert.deepEqual([state, found], ["drift", says]);
      } finally {
        server.close();
      }
    });
  }

  it("are missing where something else than TLS is spoken", async () => {
    const server = await withoutTls();
    try {
      const { state, found } = await rowFor(server);
      assert.equal(state, "drift");
      assert.match(found, /^no TLS: /);
    } finally {
      server.close();
    }
  });

  it("are unknown where nobody listens", async () => {
    const server = await listening(createServer());
    const gone = { address: () => ({ port }) } as unknown as Server;
    const port = portOf(server);
    server.close();
    await once(server, "close");
    const { state, found } = await rowFor(gone);
    assert.equal(state, "unknown");
    assert.match(found, /^not reached: Failed to connect/);
  });

  it("can't be looked at by a container without curl, and the command says so", async () => {
    const bare = await ExecEndpoint.start("/nowhere");
    const server = await shortSpoken({ names: NAMED });
    try {
      await assert.rejects(rowFor(server, bare), {
        message:
          /^Pod shop\/web-0, container app has no curl that shows certificates .*: exec: "curl": .*ENOENT/,
      });
    } finally {
      server.close();
      bare.stop();
    }
  });

  it("are never looked at unless a Pod is named", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "drift-pod-"));
    const before = endpoint.requests.length;
    try {
      const aliases = [
        {
          name: "a",
          addresses: ["192.0.2.1"],
          ports: [{ name: "tls", port: 443 }],
          tls: { mode: "DISABLE" },
        },
      ];
      const catalogue = { clients: [], aliases };
      const config = { config: { "istio-egress:catalogue": catalogue } };
      writeFileSync(path.join(folder, "Pulumi.prod.yaml"), JSON.stringify(config));
      writeFileSync(path.join(folder, "kubeconfig"), endpoint.kubeconfig);
      const drift = ["drift", "--project", folder, "--stack", "prod"];
      const kubeconfig = ["--kubeconfig", path.join(folder, "kubeconfig")];
      assertIsMistake(
        await istioEgress([...drift, ...kubeconfig]),
        /--kubeconfig does nothing without --from-pod/,
      );
      const named = await istioEgress([...drift, ...kubeconfig, "--from-pod", "shop/web-0/app"]);
      assert.equal(named.code, 0, named.stderr);
      assert.equal(endpoint.requests.length, before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("take the whole name of a container", () => {
    assert.deepEqual(podContainer("shop/web-0/app"), POD);
    for (const text of ["web-0", "shop/web-0", "shop//app", "shop/web-0/app/x"]) {
      assert.throws(() => podContainer(text), /Write namespace\/pod\/container/);
    }
  });
});
