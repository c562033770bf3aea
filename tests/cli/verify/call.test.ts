import assert from "node:assert/strict";
import { callsOf } from "../../../cli/verify/call.js";
import { type Catalogue, parseCatalogue } from "../../../catalogue/catalogue.js";
import { WIKIPEDIA, cluster, world } from "./world.js";

const HTTPBIN = {
  name: "my-httpbin",
  externalName: "httpbin.org",
  ports: [{ name: "http", port: 80 }],
  tls: { mode: "DISABLE" },
  request: "http://my-httpbin.default.svc.cluster.local/headers",
  answer: "my-httpbin",
};
const ENCYCLOPEDIA = {
  name: "my-wikipedia",
  addresses: ["198.35.26.96", "208.80.153.224"],
  ports: [{ name: "tls", port: 443 }],
  tls: { mode: "DISABLE" },
  request: "https://en.wikipedia.org/",
};

function catalogueWith(...aliases: object[]): Catalogue {
  const clients = [
    { namespace: "default", injected: true },
    { namespace: "without-istio", injected: false },
  ];
  return parseCatalogue({ clients, aliases }, "Pulumi.test.yaml");
}

function calls(catalogue: Catalogue, change: (there: ReturnType<typeof world>) => void = () => {}) {
  const there = world();
  change(there);
  return callsOf(catalogue, there);
}

describe("the calls of verify --traffic", () => {
  it("are the command lines of the stack's outputs, from each client to each alias", () => {
    const lines = calls(catalogueWith(HTTPBIN, ENCYCLOPEDIA)).map((call) =>
      "curl" in call
        ? `${call.from.pod}.${call.from.namespace}: ${call.curl.join(" ")}`
        : call.found,
    );
    const httpbin = "curl -sS http://my-httpbin.default.svc.cluster.local/headers";
    const wikipedia =
      "curl -sS --resolve en.wikipedia.org:443:10.96.57.8 https://en.wikipedia.org/";
    assert.deepEqual(lines, [
      `sleep-1.default: ${httpbin}`,
      `sleep-1.default: ${wikipedia}`,
      `sleep-1.without-istio: ${httpbin}`,
      `sleep-1.without-istio: ${wikipedia}`,
    ]);
  });

  it("promise what the catalogue says, the alias's address, and the sidecar's sign on plain HTTP", () => {
    const known = (there: ReturnType<typeof world>) =>
      there.clusters.set("default/sleep", [cluster(WIKIPEDIA, 443, "my-wikipedia", {})]);
    const promised = calls(catalogueWith(HTTPBIN, ENCYCLOPEDIA), known).map((call) =>
      "promised" in call ? call.promised : call,
    );
    assert.deepEqual(promised, [
      { text: "my-httpbin", isSigned: true, sidecar: "no cluster" },
      { address: "10.96.57.8", isSigned: false, sidecar: "PLAIN" },
      { text: "my-httpbin", isSigned: false },
      { address: "10.96.57.8", isSigned: false },
    ]);
  });

  const originated = {
    ...HTTPBIN,
    ports: [{ name: "http", port: 80, targetPort: 443 }],
    tls: { mode: "SIMPLE" },
  };
  const database = { ...ENCYCLOPEDIA, ports: [{ name: "tcp", port: 5432 }], request: undefined };
  const NOT_CALLED: [story: string, alias: object, inMesh: string, outside: string][] = [
    [
      "where nobody encrypts for the client",
      originated,
      "called",
      "nothing: it has no sidecar to encrypt for it",
    ],
    [
      "where a client's sidecar doesn't follow the alias's rules",
      { ...HTTPBIN, exportTo: ["payments"] },
      "nothing: the alias's rules aren't for it",
      "called",
    ],
    [
      "where no request is known",
      database,
      "nothing: no request is declared, and none is obvious",
      "nothing: no request is declared, and none is obvious",
    ],
  ];
  for (const [story, alias, inMesh, outside] of NOT_CALLED) {
    it(`aren't made ${story}, and the row says so`, () => {
      const found = calls(catalogueWith(alias)).map((call) => {
        if ("curl" in call) return "called";
        assert.deepEqual([call.ok, call.state], [true, "not called"]);
        return call.expected;
      });
      assert.deepEqual(found, [inMesh, outside]);
    });
  }

  it("fail where no Pod runs to make them", () => {
    const [row] = calls(catalogueWith(HTTPBIN), ({ pods }) => pods.set("default/sleep", []));
    assert.ok(row && "found" in row);
    assert.deepEqual([row.ok, row.found], [false, "not called: no Pod runs"]);
  });
});
