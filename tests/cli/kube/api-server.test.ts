import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { stringify } from "yaml";
import { ApiServer } from "../../../cli/kube/api-server.js";
import { Mistake } from "../../../cli/mistake.js";
import { askCluster } from "../../../cli/verify/ask-cluster.js";
import { listOf, podShape } from "../../../cli/verify/reality.js";
import { CATALOGUE } from "../verify/world.js";

const cluster = { name: "theirs", cluster: { server: "https://127.0.0.1:9" } };
const context = { name: "theirs", context: { cluster: "theirs", user: "someone" } };
const users = [{ name: "someone", user: { token: "s3cret" } }];
const config = { clusters: [cluster], contexts: [context], users, "current-context": "theirs" };

describe("an API server that is named by what is in a kubeconfig", () => {
  it("is the one of that kubeconfig", async () => {
    const { server } = await ApiServer.from({ content: JSON.stringify(config) });
    assert.equal(server, cluster.cluster.server);
  });

  it("isn't reported with a line of one that can't be read, which may hold a secret", async () => {
    await assert.rejects(ApiServer.from({ content: "users: [{ token: s3cret\nclusters: }" }), {
      message: "the stack's kubeconfig isn't one.",
    });
  });

  const damaged: [what: string, config: object][] = [
    [
      "a certificate that is cut short",
      { users: [user({ "client-certificate-data": cutShort() })] },
    ],
    ["a server that is no URL", { clusters: [{ name: "theirs", cluster: { server: "there" } }] }],
    ["a file that is gone", { users: [user({ "client-key": "/nowhere/s3cret.key" })] }],
  ];
  for (const [what, part] of damaged) {
    it(`is reported as damaged where it has ${what}, without a word of it`, async () => {
      const server = await ApiServer.from({ content: stringify({ ...config, ...part }) });
      const message = await mistakeOf(server.get("/api"));
      assert.match(
        message,
        /^the kubeconfig's context "theirs" can't be used.* is damaged\. Write /,
      );
      assert.doesNotMatch(message, /s3cret/);
    });
  }
});

function user(fields: object) {
  return { name: "someone", user: { "client-key-data": cutShort(), ...fields } };
}

function cutShort(): string {
  return Buffer.from("-----BEGIN CERTIFICATE-----\nMIIBs3cret").toString("base64");
}

describe("an API server that isn't one", () => {
  const answers: [what: string, body: string][] = [
    ["null", "null"],
    ["text", '"ok"'],
    ["a list", "[]"],
    ["a number", "0"],
    ["nothing", ""],
    ["a page of HTML", "<html><body>sign in</body></html>"],
    ["half an object", '{"kind":"PodLi'],
  ];
  for (const [what, body] of answers) {
    it(`is reported, where it answers ${what}`, () =>
      answering(body, async (server) => {
        const told =
          /^http:\/\/127\.0\.0\.1:\d+ answered GET \/\S+ with something that no API server/;
        assert.match(await mistakeOf(server.get("/api/v1")), told);
        const objects = server.list({ path: "/api/v1", plural: "pods" });
        assert.match(await mistakeOf(objects.next()), told);
        assert.match(await mistakeOf(server.find("/api/v1/pods", listOf(podShape))), told);
      }));
  }

  const others: [what: string, answer: object][] = [
    ["an object of no kind", {}],
    ["a list without items", { kind: "PodList" }],
    ["items that are none", { kind: "PodList", items: [null] }],
    ["items of another kind", { kind: "PodList", items: [{ metadata: {}, spec: {} }] }],
  ];
  for (const [what, answer] of others) {
    it(`is reported by verify, where it answers ${what}`, () =>
      answering(JSON.stringify(answer), async (server) => {
        const asked = askCluster(CATALOGUE, server, () => Promise.resolve([]));
        assert.match(
          await mistakeOf(asked),
          /with something that no API server of Kubernetes says, at /,
        );
      }));
  }

  it("that refuses is reported with its words, whatever they are", async () => {
    for (const body of ["null", "[]", '{"message":null}', "<html>"]) {
      await answering(
        body,
        async (server) => assert.match(await mistakeOf(server.get("/api")), /answered 503 to GET/),
        503,
      );
    }
  });

  it("that hangs up in the middle is reported as one that can't be reached", async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"kind":');
      setTimeout(() => response.destroy(), 20);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const asked = (await at((server.address() as AddressInfo).port)).get("/api");
    assert.match(await mistakeOf(asked), /can't be reached/);
    server.close();
  });
});

async function answering(
  body: string,
  work: (server: ApiServer) => Promise<void>,
  status = 200,
): Promise<void> {
  const server = createServer((_, response) => {
    response.statusCode = status;
    response.end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work(await at((server.address() as AddressInfo).port));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function at(port: number): Promise<ApiServer> {
  const plain = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  const clusters = [{ name: "theirs", cluster: plain }];
  return ApiServer.from({ content: stringify({ ...config, clusters }) });
}

async function mistakeOf(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.then(
    () => assert.fail("it was taken"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof Mistake, String((error as Error).stack));
  return error.message;
}
