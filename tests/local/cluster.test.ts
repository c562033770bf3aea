import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Cluster } from "../../local/cluster.js";
import { credentialFiles } from "../../local/credentials.js";
import { issueCredentials } from "../../local/issue-credentials.js";
import type { KubeObject } from "../../local/kube-object.js";
import { LOOPBACK } from "../../local/ports.js";

const CORE = ["Pod", "Node"];
const EXTENSIONS = "/apis/apiextensions.k8s.io/v1";
const ISTIO = "/apis/networking.istio.io";

/** An API server whose mesh works, and that lists VirtualServices a while after the other kinds. */
class StartingApiServer {
  /** How often VirtualServices were looked for, by version. */
  readonly looked = new Map<string, number>();

  constructor(readonly listedAfter: number) {}

  readonly answer = ({ method, url = "" }: IncomingMessage, response: ServerResponse): void => {
    const { status, body } = this.#answerTo(method!, url.replace(/\?.*/, ""));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

  #answerTo(method: string, url: string): { status: number; body: object } {
    if (method === "PATCH") return { status: 200, body: {} };
    if (url === "/api/v1") return { status: 200, body: list(CORE) };
    if (url === EXTENSIONS) return { status: 200, body: list(["CustomResourceDefinition"]) };
    if (url.endsWith("/nodes/fake")) {
      return { status: 200, body: { status: { conditions: [{ type: "Ready", status: "True" }] } } };
    }
    if (url.endsWith("/pods")) {
      return { status: 200, body: { spec: { containers: [{ name: "istio-proxy" }] } } };
    }
    if (method === "POST") return { status: 400, body: { message: "istiod denied the request" } };
    const looked = (this.looked.get(url) ?? 0) + 1;
    this.looked.set(url, looked);
    const late = looked > this.listedAfter ? ["VirtualService"] : [];
    return { status: 200, body: list(["DestinationRule", ...late]) };
  }
}

function list(kinds: readonly string[]): object {
  const nameOf = (kind: string) => `${kind.toLowerCase()}s`;
  return {
    resources: kinds.map((kind) => ({ kind, name: nameOf(kind), namespaced: kind !== "Node" })),
  };
}

function definition(kind: string): KubeObject {
  const versions = ["v1alpha3", "v1", "v1alpha1"].map((name) => ({
    name,
    served: name !== "v1alpha1",
  }));
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.toLowerCase()}s.networking.istio.io` },
    spec: { group: "networking.istio.io", names: { kind }, versions },
  };
}

describe("an embedded mesh that gets ready", () => {
  let folder: string;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-cluster-"));
    await issueCredentials(folder, "https://127.0.0.1:1");
  });

  after(() => rmSync(folder, { recursive: true }));

  /** Applies the two definitions, and waits for as long as is allowed. */
  async function untilUsable(starting: StartingApiServer, patience: number): Promise<void> {
    const files = credentialFiles(folder);
    const [cert, key] = [files.server.cert, files.server.key].map((file) => readFileSync(file));
    const server = createServer({ cert, key }, starting.answer);
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    try {
      const url = `https://${LOOPBACK}:${(server.address() as AddressInfo).port}`;
      const cluster = new Cluster({ url, ca: files.ca, ...files.admin });
      await cluster.apply(["DestinationRule", "VirtualService"].map(definition));
      await cluster.untilUsable(Date.now() + patience);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it("waits for each defined kind, in each version that is served", async () => {
    const starting = new StartingApiServer(3);
    await untilUsable(starting, 10_000);
    assert.deepEqual(
      ["v1alpha3", "v1"].map((version) => (starting.looked.get(`${ISTIO}/${version}`) ?? 0) > 3),
      [true, true],
    );
    assert.equal(starting.looked.has(`${ISTIO}/v1alpha1`), false);
  });

  it("says which kind is missing when the time is over", async () => {
    await assert.rejects(
      untilUsable(new StartingApiServer(Infinity), 300),
      /The embedded mesh doesn't get ready: .*\/apis\/networking\.istio\.io\/v1(alpha3)? has no VirtualService\.$/,
    );
  });
});
