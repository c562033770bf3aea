import assert from "node:assert/strict";
import {
  aliasOfCall,
  explainCall,
  judgeCall,
  judgeCalls,
  readMesh,
  type Call,
  type CallVerdict,
  type KubeObject,
  type MeshFacts,
} from "../../../mesh/index.js";
import {
  E,
  E_HOST,
  endpoints,
  HTTP,
  IM,
  MUTUAL,
  namespaces,
  OFF,
  rule,
  service,
  serviceEntry,
  tls,
  virtualService,
  W,
  W_HOST,
} from "../objects.js";

const SHOP = { namespace: "shop" };

function verdictOf(
  objects: KubeObject[],
  call: Omit<Call, "client"> & Partial<Pick<Call, "client">>,
  facts: Partial<MeshFacts> = {},
): CallVerdict {
  const mesh = readMesh(objects, facts);
  const asked = { client: SHOP, ...call };
  return judgeCall(mesh, asked, aliasOfCall(mesh, asked));
}

const EGRESS = "egress.istio-system.svc.cluster.local";
const gateway = (name: string, server: object): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { namespace: "n", name },
  spec: { selector: { istio: "egress" }, servers: [server] },
});
const egressService = service("istio-system", "egress", {
  selector: { istio: "egress" },
  ports: [
    { name: "http2", port: 80 },
    { name: "tcp-agent", port: 2222 },
  ],
});

describe("the verdict about a call", () => {
  const wikipedia = { address: W_HOST, port: 443, sends: "tls", host: "en.wikipedia.org" } as const;
  const entry = (ports: object[]) =>
    serviceEntry("n", "h", {
      hosts: ["h.org"],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports,
    });
  const httpTo = (address: string) => ({ address, port: 80, sends: "http" as const });
  const rows: [string, CallVerdict, Partial<CallVerdict>][] = [
    [
      "is well where the application encrypts and the cluster adds nothing",
      verdictOf([...W, rule("n", "w", { host: W_HOST, ...OFF })], wikipedia),
      { answer: "as-declared", verdict: "ok" },
    ],
    [
      "is well where there is no sidecar",
      verdictOf([...W, rule("n", "w", { host: W_HOST, ...IM })], {
        ...wikipedia,
        client: { namespace: "without-istio", dataplane: "none" },
      }),
      { answer: "as-sent", verdict: "ok" },
    ],
    [
      "names Istio's mutual TLS towards a server outside",
      verdictOf([...W, rule("n", "w", { host: W_HOST, ...IM })], wikipedia),
      {
        answer: "istio-mutual-outside",
        decidedBy: { kind: "DestinationRule", namespace: "n", name: "w" },
      },
    ],
    [
      "names TLS in TLS: SIMPLE on a port named https",
      verdictOf([...W, rule("n", "w", { host: W_HOST, ...tls({ mode: "SIMPLE" }) })], wikipedia),
      { answer: "tls-in-tls", verdict: "violation" },
    ],
    [
      "names a call in clear: a rule on an ExternalName does nothing",
      verdictOf(
        [...E, rule("n", "e", { host: E_HOST, ...tls({ mode: "SIMPLE" }) })],
        httpTo(E_HOST),
      ),
      {
        answer: "in-clear",
        decidedBy: { kind: "DestinationRule", namespace: "n", name: "e" },
        reason: "no listener or route knows it, so it passes as it is",
      },
    ],
    [
      "names a call in clear: a credential that sidecars may not read",
      verdictOf(
        [
          entry([{ number: 80, name: "http", protocol: "HTTP" }]),
          rule("n", "h", { host: "h.org", ...tls({ mode: "SIMPLE", credentialName: "ca" }) }),
        ],
        httpTo("h.org"),
      ),
      { answer: "in-clear", reason: "the cluster of h.org adds no TLS" },
    ],
    [
      "names a call in clear: a setting for a port that there isn't",
      verdictOf(
        [
          entry([{ number: 80, name: "http", protocol: "HTTP" }]),
          rule("n", "h", {
            host: "h.org",
            trafficPolicy: {
              portLevelSettings: [{ port: { number: 8080 }, tls: { mode: "SIMPLE" } }],
            },
          }),
        ],
        httpTo("h.org"),
      ),
      { answer: "in-clear" },
    ],
    [
      "names a call in clear: a port that the sidecar leaves alone",
      verdictOf(
        [
          entry([{ number: 80, name: "http", protocol: "HTTP" }]),
          rule("n", "h", { host: "h.org", ...tls({ mode: "SIMPLE" }) }),
          {
            apiVersion: "v1",
            kind: "Pod",
            metadata: {
              namespace: "shop",
              name: "web",
              annotations: { "traffic.sidecar.istio.io/excludeOutboundPorts": "80" },
            },
          },
        ],
        httpTo("h.org"),
      ),
      { answer: "in-clear", reason: "its proxy is configured to leave this call alone" },
    ],
    [
      "fails where only what is known is let out",
      verdictOf([...E, ...namespaces("shop")], httpTo(E_HOST), {
        outboundTrafficPolicy: "REGISTRY_ONLY",
      }),
      { answer: "fails", reason: "REGISTRY_ONLY lets out only what Istio knows" },
    ],
  ];
  for (const [story, verdict, expected] of rows) {
    it(story, () => {
      assert.deepEqual({ ...verdict, ...expected }, verdict);
    });
  }
});

describe("two databases outside on one TCP port", () => {
  const database = (namespace: string, name: string, created?: number) =>
    serviceEntry(
      namespace,
      name,
      {
        hosts: [`${name}.db.example.com`],
        location: "MESH_EXTERNAL",
        resolution: "DNS",
        ports: [{ number: 5432, name: "tcp", protocol: "TCP" }],
      },
      { created },
    );
  const toB = { address: "b.db.example.com", port: 5432, sends: "tcp" as const };

  it("get their calls at the older one's cluster", () => {
    const verdict = verdictOf([database("x", "a", 1), database("y", "b", 2)], toB);
    assert.equal(verdict.answer, "elsewhere");
    assert.equal(verdict.reason, "its listener leads to a.db.example.com");
  });

  it("are both undecided where their ages aren't known", () => {
    const objects = [database("x", "a"), database("y", "b")];
    const answers = ["a", "b"].map(
      (name) => verdictOf(objects, { ...toB, address: `${name}.db.example.com` }).answer,
    );
    assert.deepEqual(answers, ["undecided", "undecided"]);
  });
});

describe("a call over an egress gateway", () => {
  const outside = (more: object = {}) =>
    serviceEntry("n", "h", {
      hosts: ["h.org"],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [
        { number: 80, name: "http", protocol: "HTTP" },
        { number: 443, name: "https", protocol: "HTTPS" },
      ],
      ...more,
    });
  const chain = (exportTo: string[]): KubeObject[] => [
    outside(),
    egressService,
    gateway("out", {
      port: { number: 80, name: "https", protocol: "HTTPS" },
      hosts: ["h.org"],
      tls: { mode: "ISTIO_MUTUAL" },
    }),
    rule("n", "to-gateway", {
      host: EGRESS,
      exportTo,
      subsets: [
        {
          name: "h",
          trafficPolicy: {
            portLevelSettings: [{ port: { number: 80 }, tls: { ...MUTUAL, sni: "h.org" } }],
          },
        },
      ],
    }),
    virtualService("n", "h", {
      hosts: ["h.org"],
      gateways: ["mesh", "out"],
      http: [
        {
          match: [{ gateways: ["mesh"], port: 80 }],
          route: [{ destination: { host: EGRESS, subset: "h", port: { number: 80 } } }],
        },
        {
          match: [{ gateways: ["out"], port: 80 }],
          route: [{ destination: { host: "h.org", port: { number: 443 } } }],
        },
      ],
    }),
    rule("n", "originate", {
      host: "h.org",
      trafficPolicy: {
        portLevelSettings: [{ port: { number: 443 }, tls: { mode: "SIMPLE", sni: "h.org" } }],
      },
    }),
  ];
  const call = { address: "h.org", port: 80, sends: "http" as const, host: "h.org" };

  it("is Istio's mutual TLS within the mesh and SIMPLE from there, for whoever has the subset", () => {
    const verdict = verdictOf(chain(["*"]), { ...call, client: { namespace: "n" } });
    assert.equal(verdict.answer, "as-declared");
    assert.deepEqual(explainCall(verdict).hops, [
      `the client → outbound|80|h|${EGRESS}, ISTIO_MUTUAL (VirtualService n/h, DestinationRule n/to-gateway)`,
      "gateway Gateway n/out → outbound|443||h.org, SIMPLE (VirtualService n/h, DestinationRule n/originate)",
    ]);
  });

  it("fails for clients whose namespace has no rule with the subset", () => {
    const verdict = verdictOf(chain(["*"]), { ...call, client: { namespace: "foo" } });
    assert.equal(verdict.answer, "fails");
    assert.match(verdict.reason ?? "", /no cluster outbound\|80\|h\|egress/);
    assert.match(explainCall(verdict).fix ?? "", /Declare subset h in a DestinationRule/);
    assert.equal(explainCall(verdict).seen, "503 with the flag NC");
  });

  it("fails where the gateway expects TLS that the sidecar doesn't send", () => {
    const objects = chain(["*"]).filter(({ metadata }) =>
      typeof metadata === "object" ? metadata.name !== "to-gateway" : true,
    );
    const plain = objects.map((object) =>
      object.kind === "VirtualService"
        ? (JSON.parse(JSON.stringify(object).replace('"subset":"h",', "")) as KubeObject)
        : object,
    );
    const verdict = verdictOf(plain, { ...call, client: { namespace: "n" } });
    assert.equal(verdict.answer, "fails");
    assert.match(verdict.reason ?? "", /expects TLS \(ISTIO_MUTUAL\)/);
  });
});

describe("the calls to all aliases", () => {
  it("are those on their declared ports, answered once for clients that nothing distinguishes", () => {
    const mesh = readMesh([
      ...W,
      ...E,
      service("n", "u", { ports: [{ name: "dns", port: 53, protocol: "UDP" }] }),
      endpoints("n", "u"),
      rule("shop", "im", { host: "*.n.svc.cluster.local", ...IM }),
      ...namespaces("shop", "n", "other"),
      service("n", "h", { type: "ExternalName", externalName: "h.org", ports: [HTTP] }),
    ]);
    const clients = ["n", "other", "shop"].map((namespace) => ({ namespace }));
    const told = judgeCalls(mesh, clients).map(({ alias, call, answer, clients: places }) => [
      alias.ref.name,
      call.sends,
      answer,
      places,
    ]);
    assert.deepEqual(told, [
      ["h", "http", "as-declared", [0, 1, 2]],
      ["w", "tls", "as-declared", [0, 1]],
      ["w", "tls", "istio-mutual-outside", [2]],
    ]);
  });
});
