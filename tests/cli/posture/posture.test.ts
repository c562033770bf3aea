import assert from "node:assert/strict";
import { postureOf } from "../../../cli/posture/posture.js";
import type { PostureRow } from "../../../cli/posture/row.js";
import { type Client, type KubeObject, type MeshFacts, UNKNOWN } from "../../../mesh/index.js";
import {
  endpoints,
  HTTP,
  HTTPS,
  rule,
  service,
  serviceEntry,
  sidecar,
} from "../../mesh/objects.js";

const WEB = "web.n.svc.cluster.local";
const N: Client[] = [{ namespace: "n" }];

const alias = (port: Record<string, unknown> = HTTPS) => [
  service("n", "web", { ports: [port] }),
  endpoints("n", "web", undefined, port),
];
const externalName = service("n", "name", {
  type: "ExternalName",
  externalName: "h.org",
  ports: [HTTP],
});
const entry = (more: object = {}) =>
  serviceEntry("n", "h", {
    hosts: ["h.org"],
    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ...more,
  });
const tls = (block: object | symbol, host = WEB, name = "r") =>
  rule("n", name, { host, trafficPolicy: { tls: block } });

/** The sidecar starts TLS, and trusts what the system does. */
const policy = (validation: object): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "BackendTLSPolicy",
  metadata: { namespace: "n", name: "r" },
  spec: {
    targetRefs: [{ group: "", kind: "Service", name: "web" }],
    validation: { hostname: "h.org", wellKnownCACertificates: "System", ...validation },
  },
});

type Told = Partial<PostureRow>;

/** Objects, and what is told of the one alias for clients in `n`. */
const CASES: [story: string, objects: KubeObject[], told: Told, facts?: Partial<MeshFacts>][] = [
  [
    "no rule: automatic, which comes to what the workload sends",
    alias(),
    { declared: "none", tls: "AUTO", verifier: "workload", verdict: "ok", rule: undefined },
  ],
  [
    "plain on a port where the workload encrypts",
    [...alias(), tls({ mode: "DISABLE" })],
    { declared: "DISABLE", tls: "PLAIN", verifier: "workload", rule: "n/r", level: "top" },
  ],
  [
    "plain on a port where it doesn't",
    [...alias(HTTP), tls({ mode: "DISABLE" })],
    { declared: "DISABLE", tls: "PLAIN", verifier: "nobody" },
  ],
  [
    "TLS by a policy of the Gateway API, which names the server for SNI alone",
    [...alias(HTTP), policy({})],
    { declared: "SIMPLE", tls: "SIMPLE", verifier: "sidecar, any name", rule: "n/r" },
  ],
  [
    "TLS by a policy of the Gateway API, with the names to accept",
    [...alias(HTTP), policy({ subjectAltNames: [{ type: "Hostname", hostname: "h.org" }] })],
    { declared: "SIMPLE", tls: "SIMPLE", verifier: "sidecar", rule: "n/r" },
  ],
  [
    "plain on a port that may carry anything",
    [...alias({ name: "tcp-db", port: 5432 }), tls({ mode: "DISABLE" })],
    { tls: "PLAIN", verifier: "workload, if it encrypts" },
  ],
  [
    "TLS by the sidecar, with names",
    [...alias(HTTP), tls({ mode: "SIMPLE", sni: "h.org", subjectAltNames: ["h.org"] })],
    { declared: "SIMPLE", tls: "SIMPLE", verifier: "sidecar" },
  ],
  [
    "TLS by the sidecar, with no name of its own: the request's is checked",
    [...alias(HTTP), tls({ mode: "SIMPLE" })],
    { tls: "SIMPLE", verifier: "sidecar" },
  ],
  [
    "TLS by the sidecar, with a name that is sent and not checked",
    [...alias(HTTP), tls({ mode: "SIMPLE", sni: "h.org" })],
    { tls: "SIMPLE", verifier: "sidecar, any name" },
  ],
  [
    "TLS that checks nothing",
    [...alias(HTTP), tls({ mode: "SIMPLE", insecureSkipVerify: true })],
    { tls: "SIMPLE", verifier: "nobody" },
  ],
  [
    "TLS without authorities, before Istio took the system's",
    [...alias(HTTP), tls({ mode: "SIMPLE", subjectAltNames: ["h.org"] })],
    { tls: "SIMPLE", verifier: "nobody" },
    { istioVersion: "1.20" },
  ],
  [
    "Istio's own",
    [...alias(), tls({ mode: "ISTIO_MUTUAL" })],
    {
      declared: "ISTIO_MUTUAL",
      tls: "ISTIO_MUTUAL",
      verifier: "nobody",
      verdict: "violation",
      kind: "live",
    },
  ],
  [
    "an intent that a wildcard in the client's namespace hides",
    [
      ...alias().map((object) => ({
        ...object,
        metadata: { ...(object.metadata as object), namespace: "other" },
      })),
      rule("other", "own", {
        host: "web.other.svc.cluster.local",
        trafficPolicy: { tls: { mode: "DISABLE" } },
      }),
      tls({ mode: "ISTIO_MUTUAL" }, "*.local", "wild"),
    ],
    { declared: "DISABLE", tls: "ISTIO_MUTUAL", verdict: "violation", rule: "n/wild" },
  ],
  [
    "an ExternalName whose target nothing registers",
    [externalName, tls({ mode: "DISABLE" }, "name.n.svc.cluster.local")],
    { declared: "DISABLE", tls: "no cluster", verifier: "nobody", verdict: "ok", rule: undefined },
  ],
  [
    "an ExternalName whose target's rule carries the traffic",
    [
      externalName,
      entry({ hosts: ["h.org"], location: "MESH_EXTERNAL" }),
      tls({ mode: "DISABLE" }, "name.n.svc.cluster.local", "alias"),
      tls({ mode: "SIMPLE" }, "h.org", "target"),
    ],
    { alias: "n/name", declared: "DISABLE", tls: "SIMPLE", verifier: "sidecar", rule: "n/target" },
  ],
  [
    "an ExternalName with Istio's own TLS declared, which carries its target's",
    [
      externalName,
      entry(),
      tls({ mode: "ISTIO_MUTUAL" }, "name.n.svc.cluster.local", "alias"),
      tls({ mode: "SIMPLE" }, "h.org", "target"),
    ],
    { alias: "n/name", tls: "SIMPLE", verdict: "violation", kind: "declared", rule: "n/alias" },
  ],
  [
    "names that the target's ServiceEntry gives",
    [
      externalName,
      entry({ subjectAltNames: ["h.org"] }),
      tls({ mode: "SIMPLE", sni: "x.org" }, "h.org"),
    ],
    { alias: "n/name", tls: "SIMPLE", verifier: "sidecar" },
  ],
  [
    "a mode that isn't known yet",
    [...alias(), tls({ mode: UNKNOWN })],
    { declared: "unknown", tls: "unknown", verifier: "unknown", verdict: "undecided" },
  ],
  [
    "a host that isn't known yet, of a rule that could be the alias's own",
    [
      ...alias(),
      rule("n", "r", { host: UNKNOWN, trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } }),
    ],
    { declared: "unknown", tls: "unknown", verdict: "undecided" },
  ],
  [
    "two rules of which the older wins, whichever that is: right both ways, and not known which",
    [...alias(HTTP), tls({ mode: "DISABLE" }, WEB, "a"), tls({ mode: "SIMPLE" }, WEB, "b")],
    { tls: "unknown", verifier: "unknown", verdict: "ok" },
  ],
  [
    "a client that imports nothing",
    [...alias(), sidecar("n", "default", { egress: [{ hosts: ["./nothing.example"] }] })],
    { tls: "no cluster", verifier: "workload", verdict: "ok" },
  ],
  [
    "a client whose namespace opted out",
    [
      ...alias(),
      tls({ mode: "DISABLE" }),
      {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "n", labels: { "istio-injection": "disabled" } },
      },
    ],
    { declared: "DISABLE", tls: "no sidecar", verifier: "workload", rule: undefined },
  ],
];

describe("the posture of objects", () => {
  for (const [story, objects, told, facts] of CASES) {
    it(`reports ${story}`, () => {
      const rows = postureOf(objects, facts, N).filter(({ alias }) => alias !== "n/h.org");
      const row = rows.find(({ alias }) => alias === told.alias) ?? rows[0];
      assert.ok(row, "a row");
      const found = Object.fromEntries(
        Object.keys(told).map((field) => [field, row[field as keyof PostureRow]]),
      );
      assert.deepEqual(found, told);
    });
  }

  it("has one row for each alias, client, port and subset", () => {
    const objects = [
      service("n", "web", { ports: [HTTP, HTTPS] }),
      endpoints("n", "web"),
      rule("n", "r", {
        host: WEB,
        trafficPolicy: { tls: { mode: "DISABLE" } },
        subsets: [{ name: "v1", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } }],
      }),
    ];
    const places = postureOf(objects, {}, [...N, { namespace: "other", labels: { app: "a" } }]).map(
      ({ client, port, subset, tls }) => [client, port, subset, tls].join(" "),
    );
    const each = (client: string) => [
      `${client} 80  PLAIN`,
      `${client} 80 v1 ISTIO_MUTUAL`,
      `${client} 443  PLAIN`,
      `${client} 443 v1 ISTIO_MUTUAL`,
    ];
    assert.deepEqual(places, [...each("n"), ...each("other:app=a")]);
  });

  it("says in words what is wrong, and what to do, and nothing about what is right", () => {
    const [wrong] = postureOf([...alias(), tls({ mode: "ISTIO_MUTUAL" })], {}, N);
    assert.match(wrong?.finding ?? "", /n\/web.*Istio's mutual TLS/);
    assert.match(wrong?.fix ?? "", /DISABLE/);
    const [right] = postureOf(alias(), {}, N);
    assert.ok(right && !("finding" in right) && !("fix" in right));
  });

  it("reports of clients that may be there only what is wrong, unless options name them", () => {
    const clients = (objects: KubeObject[], asked?: Client[]) => [
      ...new Set(postureOf(objects, {}, asked).map(({ client }) => client)),
    ];
    const gateway = { namespace: "istio-system", gateway: true };
    assert.deepEqual(clients(alias()), ["n"]);
    assert.deepEqual(clients(alias(), [gateway]), ["istio-system (gateway)"]);
    assert.deepEqual(clients([...alias(), tls({ mode: "ISTIO_MUTUAL" })]), [
      "n",
      "any other namespace",
    ]);
  });
});
