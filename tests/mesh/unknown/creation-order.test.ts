import assert from "node:assert/strict";
import {
  explain,
  judge,
  readMesh,
  type Client,
  type KubeObject,
  type Verdict,
} from "../../../mesh/index.js";
import {
  DISABLE,
  endpoints,
  HTTPS,
  IM,
  MUTUAL,
  namespaces,
  OFF,
  peerAuthentication,
  pod,
  POOL_ONLY,
  rule,
  service,
  serviceEntry,
  sidecar,
  W,
  W_HOST,
} from "../objects.js";

const CLIENT: Client = { namespace: "n" };
const EVERYTHING = { egress: [{ hosts: ["*/*"] }] };
const NOTHING = { egress: [{ hosts: ["~/*"] }] };
const ENTRY_PORTS = [{ number: 443, name: "tls", protocol: "TLS" }];
/** Takes the host of `n/w`, for Pods with a sidecar. */
const SELECTING = {
  hosts: [W_HOST],
  location: "MESH_INTERNAL",
  resolution: "STATIC",
  ports: [{ number: 443, name: "tcp", protocol: "TCP" }],
  workloadSelector: { labels: { app: "b" } },
};
const OF_ALL = rule("n", "all", { host: "*.local", ...IM });

function many(count: number, make: (index: number) => KubeObject): KubeObject[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A Sidecar for workloads that no other Sidecar selects. */
const ownSidecar = (index: number) =>
  sidecar("n", `s${index}`, {
    workloadSelector: { labels: { app: `a${index}` } },
    ...(index % 2 === 0 ? EVERYTHING : { egress: [{ hosts: ["n/*"] }] }),
  });
const entry = (index: number, more: Record<string, unknown> = {}) =>
  serviceEntry("n", `e${index}`, {
    hosts: ["api.org"],
    ports: ENTRY_PORTS,
    resolution: "DNS",
    ...more,
  });
const mutual = (index: number) => rule("n", `r${index}`, { host: W_HOST, ...IM });

function answers(objects: KubeObject[], clients?: Client[]): string[] {
  const verdicts = judge(readMesh(objects), clients).map(({ verdict, tls }) => `${verdict} ${tls}`);
  return [...new Set(verdicts)].sort();
}

function only(objects: KubeObject[], client = CLIENT): Verdict {
  const [verdict, ...others] = judge(readMesh(objects), [client]);
  assert.deepEqual(others, []);
  assert.ok(verdict);
  return verdict;
}

describe("objects whose order of creation isn't known", () => {
  for (const count of [2, 5, 6, 12, 40]) {
    it(`decide nothing where ${count} Sidecars select workloads of their own`, () => {
      const objects = [...W, OF_ALL, ...many(count, ownSidecar)];
      const clients = many(count, ownSidecar).map((_, index) => ({
        namespace: "n",
        labels: { app: `a${index}` },
      }));
      assert.deepEqual(answers(objects, [CLIENT, ...clients]), ["violation ISTIO_MUTUAL"]);
    });

    it(`decide nothing where ${count} rules all say ISTIO_MUTUAL`, () => {
      assert.deepEqual(answers([...W, ...many(count, mutual)], [CLIENT]), [
        "violation ISTIO_MUTUAL",
      ]);
    });

    it(`decide nothing where ${count} ServiceEntries of one host get one rule`, () => {
      const objects = [...many(count, entry), rule("n", "all", { host: "api.org", ...IM })];
      assert.deepEqual(answers(objects, [CLIENT]), ["violation ISTIO_MUTUAL"]);
    });
  }

  it("decide nothing where there are some of two kinds", () => {
    const objects = [
      ...many(4, entry),
      ...many(4, ownSidecar),
      ...many(4, (index) => rule("n", `r${index}`, { host: "api.org", ...IM })),
    ];
    assert.deepEqual(answers(objects, [CLIENT]), ["violation ISTIO_MUTUAL"]);
  });

  it("leave the TLS certain that all orders have", () => {
    assert.deepEqual(answers([entry(1), entry(2)], [CLIENT]), ["ok PLAIN"]);
    assert.deepEqual(answers([entry(1), entry(2, { resolution: "STATIC" })], [CLIENT]), [
      "ok PLAIN",
    ]);
  });

  it("are named as witnesses where a rule decides by being the older one", () => {
    const pool = rule("n", "pool", { host: W_HOST, ...POOL_ONLY });
    const wrong = rule("n", "wrong", { host: W_HOST, ...IM });
    const { verdict, witnesses, reason } = only([...W, pool, wrong]);
    assert.equal(verdict, "undecided");
    assert.deepEqual(
      witnesses?.map((one) => [one.verdict, one.oldestFirst.map((o) => o.map((r) => r.name))]),
      [
        ["ok", [["pool", "wrong"]]],
        ["violation", [["wrong", "pool"]]],
      ],
    );
    assert.match(reason ?? "", /n\/pool, n\/wrong is older/);
  });

  it("are named as witnesses where a Sidecar or a ServiceEntry decides", () => {
    const sidecars = [sidecar("n", "a", NOTHING), sidecar("n", "b", EVERYTHING)];
    const bySidecar = only([...W, OF_ALL, ...sidecars]);
    assert.deepEqual(oldest(bySidecar), { ok: ["a"], violation: ["b"] });

    const entries = [
      serviceEntry("x", "a", { hosts: ["api.org"], ports: ENTRY_PORTS }),
      serviceEntry("y", "b", { hosts: ["api.org"], ports: ENTRY_PORTS }),
    ];
    const inY = rule("y", "wrong", { host: "api.org", ...IM });
    const [byEntry] = judge(readMesh([...namespaces("z"), ...entries, inY]), [{ namespace: "z" }]);
    assert.ok(byEntry);
    assert.deepEqual(oldest(byEntry), { ok: ["a"], violation: ["b"] });
  });

  it("may be a Service and a ServiceEntry: the later one says what is behind a port", () => {
    const answer = (ofService?: number, ofEntry?: number): string => {
      const objects = [
        service("n", "w", { clusterIP: "None", ports: [HTTPS] }, { created: ofService }),
        serviceEntry("n", "e", SELECTING, { created: ofEntry }),
        endpoints("n", "w"),
        pod("n", "b", "10.0.0.2", { app: "b" }),
      ];
      const verdicts = judge(readMesh(objects), [CLIENT]);
      return verdicts.find(({ alias }) => alias.kind === "Service")?.verdict ?? "ok";
    };
    assert.equal(answer(2, 1), "ok");
    assert.equal(answer(1, 2), "violation");
    // Of one age, the Service comes first.
    assert.equal(answer(1, 1), "violation");
    assert.equal(answer(), "undecided");
  });

  it("are named as witnesses where a PeerAuthentication decides", () => {
    const policies = [
      peerAuthentication("n", "a", { mtls: DISABLE }),
      peerAuthentication("n", "b", { mtls: { mode: "STRICT" } }),
    ];
    const passthrough = rule("n", "w", {
      host: W_HOST,
      trafficPolicy: {
        portLevelSettings: [{ port: { number: 443 }, loadBalancer: { simple: "PASSTHROUGH" } }],
      },
    });
    const verdict = only([...W, passthrough, ...policies]);
    assert.equal(verdict.verdict, "undecided");
    assert.deepEqual(oldest(verdict), { ok: ["a"], violation: ["b"] });
    // In a namespace whose order is known, nothing is open.
    const [a, b] = policies.map((policy, created) => ({
      ...policy,
      metadata: {
        ...(policy.metadata as object),
        creationTimestamp: new Date(created * 1000 + 1000).toISOString(),
      },
    }));
    assert.deepEqual(answers([...W, passthrough, a!, b!], [CLIENT]), ["ok PLAIN"]);
  });

  it("leave the TLS certain that all PeerAuthentications give", () => {
    const policies = ["STRICT", "PERMISSIVE"].map((mode) =>
      peerAuthentication("n", mode.toLowerCase(), { mtls: { mode } }),
    );
    assert.deepEqual(answers([...W, ...policies], [CLIENT]), ["ok AUTO"]);
  });

  it("are undecided however many others stand beside the two that decide", () => {
    const rules = [
      ...many(10, (index) => rule("n", `p${index}`, { host: W_HOST, ...POOL_ONLY })),
      ...many(10, mutual),
      ...many(10, (index) => rule("n", `o${index}`, { host: W_HOST, ...OFF })),
    ];
    const verdict = only([...W, ...rules]);
    assert.equal(verdict.verdict, "undecided");
    assert.equal(verdict.witnesses?.length, 2);
  });

  it("make a subset undecided by its oldest namesake, and the rest by the oldest policy", () => {
    const subsets = (name: string, mode: Record<string, unknown>) =>
      rule("n", name, {
        host: W_HOST,
        subsets: [{ name: "v1", trafficPolicy: { tls: mode } }],
      });
    const rules = [subsets("a", { mode: "DISABLE" }), subsets("b", MUTUAL)];
    const verdicts = judge(readMesh([...W, ...rules]), [CLIENT]);
    assert.deepEqual(
      verdicts.map(({ subset, verdict }) => [subset, verdict]),
      [
        ["", "ok"],
        ["v1", "undecided"],
      ],
    );
  });

  it("are reported in words, with the answer that each would give", () => {
    const pool = rule("n", "pool", { host: W_HOST, ...POOL_ONLY });
    const wrong = rule("n", "wrong", { host: W_HOST, ...IM });
    const { summary } = explain(only([...W, pool, wrong]));
    assert.ok(
      summary.endsWith(
        "if n/pool is older than n/wrong: ok; if n/wrong is older than n/pool: violation.",
      ),
      summary,
    );
  });
});

function oldest({ witnesses = [] }: Verdict): Record<string, (string | undefined)[]> {
  return Object.fromEntries(
    witnesses.map(({ verdict, oldestFirst }) => [
      verdict,
      oldestFirst.map(([first]) => first?.name),
    ]),
  );
}

describe("what a client can't see", () => {
  const own = (index: number) =>
    serviceEntry(`ns${index}`, "api", {
      hosts: ["api.org"],
      ports: ENTRY_PORTS,
      exportTo: ["."],
    });

  it("is in no row", () => {
    const verdicts = judge(
      readMesh([...many(3, own), rule("istio-system", "all", { host: "*", ...IM })]),
    );
    assert.deepEqual(
      verdicts.map(({ alias, client, verdict }) => [alias.namespace, client.namespace, verdict]),
      [
        ["ns0", "ns0", "violation"],
        ["ns1", "ns1", "violation"],
        ["ns2", "ns2", "violation"],
      ],
    );
  });

  it("costs little: 400 namespaces with a ServiceEntry each have 400 rows", function () {
    this.timeout(120_000);
    const started = performance.now();
    const objects = [...many(400, own), rule("istio-system", "all", { host: "*", ...IM })];
    assert.equal(judge(readMesh(objects)).length, 400);
    assert.ok(performance.now() - started < 60_000);
  });
});

describe("a port", () => {
  it("of an alias doesn't change which orders matter", () => {
    const pool = rule("n", "pool", { host: W_HOST, ...POOL_ONLY });
    const wrong = rule("n", "wrong", { host: W_HOST, ...IM });
    assert.equal(only([...W, pool, wrong]).port, HTTPS.port);
  });
});
