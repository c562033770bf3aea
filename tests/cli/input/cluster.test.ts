import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { stringify } from "yaml";
import { readCluster } from "../../../cli/input/cluster.js";
import { ApiServer } from "../../../cli/kube/api-server.js";
import { Mistake } from "../../../cli/mistake.js";
import { Progress } from "../../../cli/progress.js";

/** An API server that has what it is given by path; all else is an empty list or not there. */
function apiServer(answers: Record<string, unknown>): Server {
  return createServer(({ url = "" }, response) => {
    const path = url.replace(/\?.*/, "");
    const answer = answers[path] ?? (isIstios(path) ? { kind: "List", items: [] } : 404);
    response.statusCode = typeof answer === "number" ? answer : 200;
    response.end(typeof answer === "number" ? "" : JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
}

/** What every cluster with Istio serves. */
function isIstios(path: string): boolean {
  return !path.includes("/namespaces/") && !path.includes("gateway.networking");
}

const meshConfig = (config: object) => ({
  "/api/v1/namespaces/istio-system/configmaps/istio": { data: { mesh: stringify(config) } },
});

/** The client doesn't speak HTTP otherwise. */
const INSECURE = { "insecure-skip-tls-verify": true };

/** What is read, and the notes on the way. */
async function reading(answers: Record<string, unknown>) {
  const server = apiServer(answers);
  await once(server, "listening");
  const write = process.stderr.write.bind(process.stderr);
  let notes = "";
  try {
    const { port } = server.address() as AddressInfo;
    const content = stringify({
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}`, ...INSECURE } }],
      contexts: [{ name: "c", context: { cluster: "c" } }],
      "current-context": "c",
    });
    process.stderr.write = (text) => {
      notes += String(text);
      return true;
    };
    const live = await readCluster(await ApiServer.from({ content }), {}, new Progress());
    return { ...live, notes };
  } finally {
    process.stderr.write = write;
    server.closeAllConnections();
    server.close();
  }
}

describe("a live cluster", () => {
  it("says who sees what doesn't say so itself", async () => {
    const config = { defaultServiceExportTo: ["."], defaultVirtualServiceExportTo: ["n"] };
    const { facts, notes } = await reading(meshConfig(config));
    assert.deepEqual(facts, config);
    assert.equal(notes, "");
  });

  it("is reported with a note where its mesh configuration hides more than is modelled", async () => {
    const config = {
      discoverySelectors: [{ matchLabels: { istio: "on" } }],
      serviceEntryVisibility: { applyToSidecars: true },
    };
    const { notes } = await reading(meshConfig(config));
    assert.match(notes, /^note: meshConfig\.discoverySelectors isn't modelled/m);
    assert.match(notes, /^note: meshConfig\.serviceEntryVisibility isn't modelled/m);
  });

  it("is read with the policies of the Gateway API, where it has that", async () => {
    const path = "/apis/gateway.networking.k8s.io/v1/backendtlspolicies";
    const items = [{ metadata: { namespace: "n", name: "p" } }];
    const list = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "BackendTLSPolicyList",
      items,
    };
    const { manifests } = await reading({ ...meshConfig({}), [path]: list });
    assert.deepEqual(
      manifests.map(({ object }) => `${object.apiVersion} ${object.kind}`),
      ["gateway.networking.k8s.io/v1 BackendTLSPolicy"],
    );
  });

  const mistaken: [what: string, mesh: string, message: RegExp][] = [
    ["that isn't YAML", "a: [", /^ConfigMap istio-system\/istio: mesh: not YAML: /],
    [
      "with a value of another type",
      "enableAutoMtls: perhaps",
      /^ConfigMap istio-system\/istio: mesh: enableAutoMtls: /,
    ],
  ];
  for (const [what, mesh, message] of mistaken) {
    it(`is reported where it has a mesh configuration ${what}`, async () => {
      const path = "/api/v1/namespaces/istio-system/configmaps/istio";
      await assert.rejects(reading({ [path]: { data: { mesh } } }), (error: Error) => {
        assert.ok(error instanceof Mistake, error.stack);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it("is judged without what its API server doesn't show, and a note says so", async () => {
    const path = "/apis/networking.istio.io/v1alpha3/envoyfilters";
    const { notes } = await reading({ ...meshConfig({}), [path]: 403 });
    assert.equal(notes, "note: envoyfilters can't be read (403); judging as if there were none.\n");
  });
});
