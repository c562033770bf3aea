import assert from "node:assert/strict";
import { skipWithoutNetworks } from "../../traffic/requirements.js";
import { arrivalOf } from "./arrival.js";
import { isExpected, takenBy, tlsOf } from "./observed.js";
import { reportTrials, runTrials } from "./trials.js";

/** As many as take some seconds; `npm run calls:envoy` makes the long run. */
const MESHES = 15;

describe("the evaluator of calls and a real Envoy", () => {
  it(`agree on the calls of ${MESHES} random meshes`, async function () {
    await skipWithoutNetworks(this);
    const result = await runTrials({ meshes: MESHES, calls: 4 });
    console.log(reportTrials(result).replaceAll(/^/gm, "      "));
    assert.deepEqual(result.mismatches, []);
    assert.ok(result.calls > 0);
  });
});

describe("what Envoy's counters say", () => {
  const rows: { counters: Record<string, number>; status?: number; via: string }[] = [
    { counters: { "cluster.outbound|80||w.upstream_cx_total": 1 }, via: "cluster" },
    { counters: { "cluster.outbound|80||w.upstream_cx_none_healthy": 1 }, via: "cluster" },
    { counters: { "cluster.PassthroughCluster.upstream_cx_total": 1 }, via: "passthrough" },
    { counters: { "cluster.BlackHoleCluster.upstream_cx_none_healthy": 1 }, via: "blackhole" },
    { counters: { "listener.10.0.0.1_443.no_filter_chain_match": 1 }, via: "blackhole" },
    { counters: { "http.outbound_0.0.0.0_80;.no_route": 1 }, via: "no-route" },
    { counters: { "http.outbound_0.0.0.0_80;.no_cluster": 1 }, via: "no-cluster" },
    { counters: { "tcp.outbound|80||w.downstream_cx_no_route": 1 }, via: "no-cluster" },
    { counters: { "http.x.rq_direct_response": 1 }, status: 418, via: "response" },
    { counters: { "http.x.rq_direct_response": 1 }, status: 502, via: "blackhole" },
    { counters: {}, via: "unknown" },
  ];
  for (const { via, ...observed } of rows) {
    it(`${JSON.stringify(observed)} is ${via}`, () => {
      assert.equal(takenBy({ arrivals: [], ...observed }).via, via);
    });
  }

  const resources = { listeners: [], routes: [], clusters: [], endpoints: [] };
  const hello = { serverName: "h.org", protocols: [] };
  const expected = {
    via: "cluster" as const,
    cluster: "outbound|80||w",
    tls: "SIMPLE" as const,
    sni: "h.org",
  };
  const lies = [
    { about: "another cluster", outcome: { ...expected, cluster: "outbound|80||v" } },
    {
      about: "no TLS",
      outcome: { via: "cluster" as const, cluster: "outbound|80||w", tls: "none" as const },
    },
    { about: "another server name", outcome: { ...expected, sni: "e.org" } },
    { about: "another way", outcome: { via: "passthrough" as const } },
  ];
  const observation = { counters: rows[0]!.counters, arrivals: [{ hello }] };

  it("fits what is expected", () => {
    assert.ok(isExpected(observation, [expected], resources));
  });
  for (const { about, outcome } of lies) {
    it(`doesn't fit ${about}`, () => {
      assert.ok(!isExpected(observation, [outcome], resources));
    });
  }
});

describe("what arrives", () => {
  it("in clear has no ClientHello, behind a PROXY header neither", () => {
    const header = Buffer.from("0d0a0d0a000d0a515549540a20000000", "hex");
    assert.equal(arrivalOf(header), undefined);
    assert.deepEqual(arrivalOf(Buffer.from("GET / HTTP/1.1")), {});
    assert.deepEqual(arrivalOf(Buffer.concat([header, Buffer.from("GET /")])), {});
  });
  it("is the application's own TLS where it names its protocols", () => {
    assert.equal(tlsOf({ hello: { protocols: ["h2", "http/1.1", "of-the-application"] } }), "none");
    assert.equal(tlsOf({ hello: { protocols: ["istio-peer-exchange", "istio"] } }), "ISTIO_MUTUAL");
    assert.equal(tlsOf({ hello: { protocols: [] } }), "SIMPLE");
  });
});
