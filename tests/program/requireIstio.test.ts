import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { runtime } from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { CatalogueAlias, CatalogueClient } from "../../catalogue/catalogue.js";
import type { ClusterMistake, IstioCheck } from "../../stack/clusterMistake.js";
import { stackCluster, usedNamespaces } from "../../stack/requireIstio.js";

const ASKER = path.join(__dirname, "../../stack/askForIstio.ts");
const REGISTER = path.join(__dirname, "../../register.cjs");

/** A kubeconfig with two contexts, `first` and `second`, for one server. */
function kubeconfig(server: string, current = "first"): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "there", cluster: { server } }],
    users: [{ name: "someone", user: { token: "s3cret" } }],
    contexts: ["first", "second"].map((name) => ({
      name,
      context: { cluster: "there", user: "someone" },
    })),
    "current-context": current,
  });
}

describe("before an update the stack's cluster is checked for Istio", function () {
  this.timeout(60_000);

  let folder: string;
  let silent: Server;
  let silentServer: string;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-ask-"));
    silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    silentServer = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  });

  after(() => {
    silent.close();
    rmSync(folder, { recursive: true });
  });

  const WITHOUT_LIBRARY = `
    const Module = require("node:module");
    const load = Module._load;
    Module._load = (request, ...rest) => {
      if (request === "@kubernetes/client-node") throw new Error("the client library is loaded");
      return load(request, ...rest);
    };`;

  /** What it is told to do, with an empty home and no ambient cluster. */
  async function answer(
    question: Partial<IstioCheck>,
    env: Record<string, string> = {},
  ): Promise<{ code: number | null; said: string }> {
    const asker: ChildProcess = spawn(process.execPath, ["-r", REGISTER, ASKER], {
      env: { PATH: process.env.PATH, HOME: folder, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const ended = once(asker, "close") as Promise<[number | null]>;
    const asked = { apiVersion: "networking.istio.io/v1", patienceMs: 1_000, ...question };
    asker.stdin!.end(JSON.stringify(asked));
    const [printed, failure] = await Promise.all([text(asker.stdout!), text(asker.stderr!)]);
    const mistakes = JSON.parse(printed || "[]") as ClusterMistake[];
    const said = [failure.trim(), ...mistakes.map(({ message }) => message)].filter(Boolean);
    return { code: (await ended)[0], said: said.join("\n") };
  }

  const refused: [what: string, question: () => Parameters<typeof answer>, says: RegExp][] = [
    [
      "no kubeconfig at all",
      () => [{}],
      /^no cluster is chosen; set KUBECONFIG, or `pulumi config/,
    ],
    [
      "a kubeconfig that isn't there",
      () => [{ kubeconfig: path.join(folder, "gone.yaml") }],
      /^the stack's kubeconfig names no context; it must be the path of a file that is there/,
    ],
    [
      "an ambient kubeconfig that isn't there",
      () => [{}, { KUBECONFIG: path.join(folder, "gone.yaml") }],
      /^the kubeconfig can't be read: ENOENT/,
    ],
    [
      "a context that isn't there",
      () => [{ kubeconfig: kubeconfig("https://127.0.0.1:9"), context: "third" }],
      /: it has no context "third"; write one of first, second$/,
    ],
    [
      "no current context",
      () => [{ kubeconfig: kubeconfig("https://127.0.0.1:9", "") }],
      /: it has no current context; write one of first, second$/,
    ],
    [
      "a server that refuses",
      () => [{ kubeconfig: kubeconfig("https://127.0.0.1:9"), context: "second" }],
      /^the API server https:\/\/127\.0\.0\.1:9 \(context second\) can't be reached \(ECONNREFUSED\); start it/,
    ],
    [
      "a server that accepts and never answers",
      () => [{ kubeconfig: kubeconfig(silentServer) }],
      /^the API server https:\/\/127\.0\.0\.1:\d+ \(context first\) doesn't answer within 1 s; start it/,
    ],
  ];
  for (const [what, question, says] of refused) {
    it(`${what} ends it with the reason`, async () => {
      const { code, said } = await answer(...question());
      assert.match(said, says);
      assert.equal(said.split("\n").length, 1, said);
      assert.doesNotMatch(said, /s3cret/);
      assert.equal(code, 0);
    });
  }

  it("but a preview goes on without an answer", async () => {
    for (const [, question] of refused) {
      const [asked, env] = question();
      const ending = await answer({ ...asked, isPreview: true }, env);
      assert.deepEqual(ending, { code: 0, said: "" });
    }
  });

  it("a cluster that has all of it is found well without Kubernetes' client library", async () => {
    const there = createHttpServer((request, response) => {
      const isServed = ["/apis/networking.istio.io/v1", "/api/v1/namespaces/used"].includes(
        request.url ?? "",
      );
      response.writeHead(isServed ? 200 : 404).end("{}");
    });
    try {
      there.listen(0, "127.0.0.1");
      await once(there, "listening");
      const { port } = there.address() as AddressInfo;
      const question = { kubeconfig: kubeconfig(`http://127.0.0.1:${port}`) };
      const refusal = path.join(folder, "withoutLibrary.cjs");
      writeFileSync(refusal, WITHOUT_LIBRARY);
      const asked = (name: string) => {
        const path = ["aliases", 0, "namespace"];
        const namespaces = [{ name, by: "alias my-httpbin", path }];
        return answer({ ...question, namespaces }, { NODE_OPTIONS: `--require ${refusal}` });
      };
      assert.deepEqual(await asked("used"), { code: 0, said: "" });
      assert.match((await asked("missing")).said, /the client library is loaded/);
    } finally {
      there.close();
    }
  });

  it("a kubeconfig in the home folder is found by ~, as the provider finds it", async () => {
    writeFileSync(path.join(folder, "own.yaml"), kubeconfig("https://127.0.0.1:9"));
    const { said } = await answer({ kubeconfig: "~/own.yaml" });
    assert.match(said, /^the API server https:\/\/127\.0\.0\.1:9 /);
  });
});

describe("a namespace that the stack uses and doesn't make", () => {
  const alias = (namespace: string, i: number) =>
    ({ name: `alias-${i}`, namespace }) as CatalogueAlias;
  const client = (namespace: string, injected: boolean, createNamespace: boolean) =>
    ({
      name: "sleep",
      namespace,
      dataplane: injected ? "sidecar" : "none",
      createNamespace,
    }) as CatalogueClient;

  it("is one with an alias, or with a client without sidecar, that no client makes or labels", () => {
    const clients = [
      client("made", false, true),
      client("labelled", true, false),
      client("theirs", false, false),
    ];
    const aliases = ["made", "labelled", "theirs", "elsewhere", "elsewhere"].map(alias);
    assert.deepEqual(usedNamespaces({ clients, aliases }), [
      { name: "theirs", by: "client sleep", path: ["clients", 2, "namespace"] },
      { name: "elsewhere", by: "alias alias-3", path: ["aliases", 3, "namespace"] },
    ]);
  });
});

describe("the stack's cluster", () => {
  const named: [what: string, config: Record<string, string>, cluster: object][] = [
    ["is the ambient one where nothing is configured", {}, {}],
    [
      "is that of the default provider where the stack names none",
      { "kubernetes:kubeconfig": "theirs", "kubernetes:context": "c" },
      { kubeconfig: "theirs", context: "c" },
    ],
    [
      "owes nothing to the default provider where the stack names one",
      { "istio-egress:context": "ours", "kubernetes:kubeconfig": "theirs" },
      { context: "ours" },
    ],
  ];
  for (const [what, config, cluster] of named) {
    it(what, () => {
      runtime.setAllConfig(config);
      try {
        assert.deepEqual(stackCluster(), cluster);
      } finally {
        runtime.setAllConfig({});
      }
    });
  }
});
