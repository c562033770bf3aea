import assert from "node:assert/strict";
import type { Answer } from "../../local/lab/network.js";
import { istio, meanwhile } from "./objects.js";
import { OUTSIDE } from "./origins.js";
import { type Client, type TestLab, sharedLab } from "./shared-lab.js";

const ALIAS = {
  httpbin: "my-httpbin.default.svc.cluster.local",
  wikipedia: "my-wikipedia.default.svc.cluster.local",
};
const TITLE = "<title>Wikipedia, the free encyclopedia</title>\n";
const ADDRESSES = OUTSIDE["en.wikipedia.org"];

/** The task's command lines, letter for letter. */
const HEADERS = "curl -sS my-httpbin.default.svc.cluster.local/headers";
const titleFrom = (clusterIP: string) =>
  `curl -sS --resolve en.wikipedia.org:443:${clusterIP} https://en.wikipedia.org/wiki/Main_Page | grep -o "<title>.*</title>"`;
const connectionTo = (clusterIP: string) =>
  `curl -sS -v --resolve en.wikipedia.org:443:${clusterIP} https://en.wikipedia.org/wiki/Main_Page -o /dev/null`;

/** Says how it ended besides what it printed: the HTTP status, or curl's own exit code. */
const statusOf = (url: string) => `curl -sS -o /dev/null -w "%{http_code}" ${url}`;

const ISTIO_MUTUAL = { trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } };

describe("the task, with real traffic", function () {
  this.timeout(30_000);
  let lab: TestLab;
  let clients: TestLab["clients"];
  let clusterIP: string;

  before(async function () {
    lab = await sharedLab(this);
    ({ clients } = lab);
    const outputs = (await lab.stack.outputs()) as { clusterIPs: Record<string, string> };
    clusterIP = outputs.clusterIPs["my-wikipedia.default"]!;
    await asDeclared();
  });

  afterEach(() => asDeclared());

  /** Waits until the sidecar has what the stack declares. */
  async function asDeclared(): Promise<void> {
    await lab.sidecar.until(ALIAS.wikipedia, 443, (cluster) => cluster?.tls === "PLAIN");
    await lab.sidecar.until("httpbin.org", 80, (cluster) => cluster?.tls === "PLAIN");
    await answered(clients.inMesh, HEADERS, ({ stdout }) => stdout.includes(":80/*"));
  }

  /** Changes reach a sidecar's routes a moment after its clusters: asks until it answers so. */
  function answered(client: Client, line: string, isRight: (answer: Answer) => boolean) {
    return lab.lab.network.until(line, async () => {
      const answer = await client.exec(line);
      return isRight(answer) ? answer : undefined;
    });
  }

  /** What the request got, what the origins saw of it, and which clusters of the sidecar carried it. */
  async function trace(client: Client, line: string) {
    const { result, carriers } = await lab.sidecar.carriers(() =>
      lab.origins.during(() => client.exec(line)),
    );
    return { answer: result.result, seen: result.seen, carriers };
  }

  function headersIn({ exitCode, stdout, stderr }: Answer): Record<string, string> {
    assert.equal(exitCode, 0, stderr);
    return (JSON.parse(stdout) as { headers: Record<string, string> }).headers;
  }

  describe("my-httpbin", () => {
    const request = { host: ALIAS.httpbin, path: "/headers" };

    it("answers the Pod outside the mesh, under the alias's name, and no sidecar is in between", async () => {
      const { answer, seen, carriers } = await trace(clients.outsideMesh, HEADERS);
      const headers = headersIn(answer);
      assert.equal(headers.Host, ALIAS.httpbin);
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.startsWith("X-")),
        [],
      );
      const source = clients.outsideMesh.address;
      assert.deepEqual(seen, [{ origin: "httpbin", port: 80, source, request }]);
      assert.deepEqual(carriers, []);
    });

    it("answers the Pod in the mesh through its sidecar, on the target's cluster, unencrypted", async () => {
      const { answer, seen, carriers } = await trace(clients.inMesh, HEADERS);
      const headers = headersIn(answer);
      assert.equal(headers.Host, ALIAS.httpbin);
      // The route that carried it is the target's: the alias has none of its own.
      assert.equal(headers["X-Envoy-Decorator-Operation"], "httpbin.org:80/*");
      const source = clients.inMesh.address;
      assert.deepEqual(seen, [{ origin: "httpbin", port: 80, source, request }]);
      assert.deepEqual(carriers, ["outbound|80||httpbin.org 192.0.2.10:80"]);
    });
  });

  describe("my-wikipedia", () => {
    it("gives the Pod outside the mesh the page's title", async () => {
      const { answer, seen } = await trace(clients.outsideMesh, titleFrom(clusterIP));
      assert.equal(answer.stdout, TITLE, answer.stderr);
      assert.equal(seen[0]?.tls?.sni, "en.wikipedia.org");
    });

    it("gives the Pod in the mesh the page's title, with the application's own TLS end to end", async () => {
      const { answer, seen, carriers } = await trace(clients.inMesh, titleFrom(clusterIP));
      assert.equal(answer.stdout, TITLE, answer.stderr);
      const [{ origin, source, tls } = assert.fail("nothing came")] = seen;
      assert.deepEqual([source, tls], [clients.inMesh.address, { sni: "en.wikipedia.org" }]);
      const address = ADDRESSES[origin === "wikipedia-1" ? 0 : 1];
      assert.deepEqual(carriers, [`outbound|443||${ALIAS.wikipedia} ${address}:443`]);
    });

    it("is reached at the address of its Service", async () => {
      const { stderr } = await clients.inMesh.exec(connectionTo(clusterIP));
      assert.ok(stderr.includes(`Connected to en.wikipedia.org (${clusterIP}) port 443`), stderr);
    });

    for (const who of ["inMesh", "outsideMesh"] as const) {
      it(`is served by both of its addresses to the client ${who}`, async () => {
        const servers = new Set<string>();
        for (let calls = 0; servers.size < 2; calls++) {
          assert.ok(calls < 40, `40 calls, and all came to ${[...servers].join()}`);
          const { seen } = await lab.origins.during(() => clients[who].exec(titleFrom(clusterIP)));
          seen.forEach(({ origin }) => servers.add(origin));
        }
        assert.deepEqual([...servers].sort(), ["wikipedia-1", "wikipedia-2"]);
      });
    }

    it("fails with ISTIO_MUTUAL: the origin receives a name that it can't have", async () => {
      const rule = istio("DestinationRule", "my-wikipedia", {
        host: ALIAS.wikipedia,
        ...ISTIO_MUTUAL,
      });
      await meanwhile(lab.objects, [rule], async () => {
        await lab.sidecar.until(ALIAS.wikipedia, 443, (cluster) => cluster?.tls === "ISTIO_MUTUAL");
        const broken = await answered(
          clients.inMesh,
          connectionTo(clusterIP),
          ({ exitCode }) => exitCode !== 0,
        );
        assert.equal(broken.exitCode, 35, broken.stderr);
        assert.match(
          broken.stderr,
          /curl: \(35\) .*(SSL_ERROR_SYSCALL|unexpected eof|reset by peer)/,
        );
        const { seen } = await trace(clients.inMesh, connectionTo(clusterIP));
        assert.equal(seen[0]?.tls?.sni, `outbound_.443_._.${ALIAS.wikipedia}`);
        assert.ok(seen[0]?.refused, "the handshake failed at the origin, too");

        // Only the sidecar follows the rule.
        const outside = await clients.outsideMesh.exec(titleFrom(clusterIP));
        assert.equal(outside.stdout, TITLE);
      });
    });

    it("works without any rule: Istio encrypts only towards what is known to be in the mesh", async () => {
      await meanwhile(lab.objects, [istio("DestinationRule", "my-wikipedia")], async () => {
        await lab.sidecar.until(ALIAS.wikipedia, 443, (cluster) => cluster?.tls === "AUTO");
        const { answer, seen } = await trace(clients.inMesh, titleFrom(clusterIP));
        assert.equal(answer.stdout, TITLE, answer.stderr);
        assert.deepEqual(seen[0]?.tls, { sni: "en.wikipedia.org" });
      });
    });
  });

  describe("the rule on my-httpbin", () => {
    const mutual = istio("DestinationRule", "my-httpbin", { host: ALIAS.httpbin, ...ISTIO_MUTUAL });
    const withoutPair = [
      istio("DestinationRule", "httpbin.org"),
      istio("ServiceEntry", "httpbin.org"),
    ];

    it("is inert on its own: even ISTIO_MUTUAL changes nothing, and no cluster knows the call", async () => {
      await meanwhile(lab.objects, [...withoutPair, mutual], async () => {
        await lab.sidecar.until("httpbin.org", 80, (cluster) => cluster === undefined);
        await answered(clients.inMesh, statusOf(ALIAS.httpbin), ({ stdout }) => stdout === "200");
        const { answer, seen, carriers } = await trace(clients.inMesh, HEADERS);
        const headers = headersIn(answer);
        assert.equal(headers["X-Envoy-Decorator-Operation"], undefined);
        assert.deepEqual(carriers, ["PassthroughCluster 192.0.2.10:80"]);
        assert.deepEqual(
          seen.map(({ tls }) => tls),
          [undefined],
        );
      });
    });

    it("holds through its pair, ServiceEntry and rule on the target: ISTIO_MUTUAL breaks it there", async () => {
      const onTarget = istio("DestinationRule", "httpbin.org", {
        host: "httpbin.org",
        ...ISTIO_MUTUAL,
      });
      await meanwhile(lab.objects, [onTarget], async () => {
        await lab.sidecar.until("httpbin.org", 80, (cluster) => cluster?.tls === "ISTIO_MUTUAL");
        const { answer, seen } = await trace(clients.inMesh, HEADERS);
        assert.match(answer.stdout, /^upstream connect error or disconnect\/reset before headers/);
        assert.deepEqual(seen[0]?.tls, {}, "the origin saw TLS on its port for plain HTTP");
        assert.equal((await clients.inMesh.exec(statusOf(ALIAS.httpbin))).stdout, "503");
      });
    });
  });

  describe("where only registered hosts may be called (REGISTRY_ONLY)", () => {
    const registryOnly = istio("Sidecar", "registry-only", {
      outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
      egress: [{ hosts: ["*/*"] }],
    });
    const unknown = statusOf("http://unknown.example.com/");
    const direct = statusOf("https://en.wikipedia.org/wiki/Main_Page");

    it("reaches both aliases and nothing else", async () => {
      const { inMesh } = clients;
      assert.equal((await inMesh.exec(unknown)).stdout, "200");
      assert.equal((await inMesh.exec(direct)).stdout, "200");
      await meanwhile(lab.objects, [registryOnly], async () => {
        await answered(inMesh, unknown, ({ stdout }) => stdout === "502");
        await answered(inMesh, direct, ({ exitCode }) => exitCode === 35);
        assert.equal((await inMesh.exec(titleFrom(clusterIP))).stdout, TITLE);
        assert.equal(headersIn(await inMesh.exec(HEADERS)).Host, ALIAS.httpbin);
      });
      await answered(inMesh, direct, ({ stdout }) => stdout === "200");
    });

    it("blocks my-httpbin if its target isn't registered: an ExternalName alone isn't", async () => {
      const entry = istio("ServiceEntry", "httpbin.org");
      await meanwhile(lab.objects, [entry, registryOnly], async () => {
        await answered(clients.inMesh, statusOf(ALIAS.httpbin), ({ stdout }) => stdout === "502");
        assert.equal((await clients.outsideMesh.exec(statusOf(ALIAS.httpbin))).stdout, "200");
      });
    });
  });
});
