import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import {
  type Client,
  explain,
  judge,
  type KubeObject,
  type MeshFacts,
  readMesh,
  type Verdict,
} from "../../../mesh/index.js";
import { mesh as anyMesh } from "../../oracle/meshes.js";
import { applied, documentsOf, identity, lostIn, unhelpedBy } from "./advised-objects.js";
import { runs } from "../../runs.js";

type Fields = Record<string, unknown>;

const placeOf = ({ alias, host, clientIndex, port, subset }: Verdict) =>
  [alias.namespace, alias.name, host, clientIndex, port, subset].join("|");

/** Each control plane's revision may follow another rule for a place, and each has to be put right. */
const MOST_RULES = 4;

/** Takes the advice for each violation, one at a time, and gives those that it doesn't put right. */
function unhelped(
  objects: readonly KubeObject[],
  clients: readonly Client[],
  facts: Partial<MeshFacts>,
): string[] {
  const violations = judge(readMesh(objects, facts), clients).filter(isViolation);
  return violations.flatMap((violation) => {
    let present = [...objects];
    for (let taken = 0; taken <= MOST_RULES; taken++) {
      const mesh = readMesh(present, facts);
      const there = judge(mesh, clients).filter((one) => placeOf(one) === placeOf(violation));
      const wrong = there.find(({ verdict }) => verdict !== "ok");
      if (!wrong) return [];
      const { yaml } = explain(wrong, mesh);
      // Where no rule puts it right without harm, words alone say so.
      if (yaml === undefined) return [];
      assert.deepEqual(mistakesIn(yaml), [], yaml);
      const after = applied(present, yaml);
      assert.deepEqual(lostIn(present, after, clients, facts), [], yaml);
      present = after;
    }
    return [explain(violation).summary];
  });
}

function isViolation({ verdict }: Verdict): boolean {
  return verdict === "violation";
}

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const PORT_NAME = /^(http|https|http2|grpc|grpc-web|mongo|redis|mysql|tls|tcp)(-[a-z0-9-]*)?$/;

/** What the API server or istiod's webhook would refuse, or would take for another protocol. */
function mistakesIn(yaml: string): string[] {
  return documentsOf(yaml).flatMap(({ kind, metadata, spec }) => {
    const { name, namespace } = metadata as { name: string; namespace: string };
    const { ports = [] } = spec as { ports?: { name: string; protocol: string }[] };
    return [
      ...(NAME.test(name) && NAME.test(namespace) ? [] : [`${kind} ${namespace}/${name}`]),
      ...ports
        .filter(({ name, protocol }) => !PORT_NAME.test(name) || !speaks(name, protocol))
        .map(({ name, protocol }) => `port ${name} of ${protocol}`),
      ...(new Set(ports.map(({ name }) => name)).size === ports.length ? [] : ["a name twice"]),
    ];
  });
}

function speaks(name: string, protocol: string): boolean {
  return name === protocol.toLowerCase() || name.startsWith(`${protocol.toLowerCase()}-`);
}

const service = (spec: Fields): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "my-api", namespace: "default" },
  spec,
});

const NAMED = (ports: Fields[], externalName = "api.example.org") => [
  service({ type: "ExternalName", externalName, ports }),
];

const ADDRESSED = [
  service({ ports: [{ name: "tls", port: 443 }] }),
  {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "my-api", namespace: "default" },
    subsets: [{ addresses: [{ ip: "198.51.100.7" }], ports: [{ name: "tls", port: 443 }] }],
  },
];

const MUTUAL = { tls: { mode: "ISTIO_MUTUAL" } };
const HOST = "my-api.default.svc.cluster.local";

function rule(namespace: string, spec: Fields, name = "mutual"): KubeObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec,
  };
}

const RULES: [string, KubeObject[]][] = [
  ["the alias's own rule", [rule("default", { host: HOST, trafficPolicy: MUTUAL })]],
  [
    "a rule for a port",
    [
      rule("default", {
        host: HOST,
        trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, ...MUTUAL }] },
      }),
    ],
  ],
  [
    "a rule for a subset",
    [rule("default", { host: HOST, subsets: [{ name: "v1", trafficPolicy: MUTUAL }] })],
  ],
  [
    "a rule for a port of a subset",
    [
      rule("default", {
        host: HOST,
        subsets: [
          { name: "v0" },
          {
            name: "v1",
            trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, ...MUTUAL }] },
          },
        ],
      }),
    ],
  ],
  ["a mesh-wide wildcard", [rule("istio-system", { host: "*.local", trafficPolicy: MUTUAL })]],
  ["a rule for everything", [rule("istio-system", { host: "*", trafficPolicy: MUTUAL })]],
  ["a wildcard of the clients", [rule("shop", { host: "*.local", trafficPolicy: MUTUAL })]],
  [
    "a wildcard, where the name for a rule is taken",
    [
      rule("default", { host: "*.svc.cluster.local", trafficPolicy: MUTUAL }),
      rule("default", { host: "other", trafficPolicy: MUTUAL }, "my-api"),
    ],
  ],
  [
    "a wildcard with a subset",
    [rule("istio-system", { host: "*.local", subsets: [{ name: "v1", trafficPolicy: MUTUAL }] })],
  ],
];

const HTTPS = [{ name: "https", port: 443 }];
const ALIASES: [string, KubeObject[]][] = [
  ["addresses", ADDRESSED],
  ["a name", NAMED(HTTPS)],
  [
    "a name that a ServiceEntry knows",
    [
      ...NAMED(HTTPS),
      {
        apiVersion: "networking.istio.io/v1",
        kind: "ServiceEntry",
        metadata: { name: "known", namespace: "default" },
        spec: {
          hosts: ["api.example.org"],
          resolution: "DNS",
          ports: [{ number: 443, name: "tls", protocol: "TLS" }],
        },
      },
    ],
  ],
  [
    "a name for a name",
    [
      ...NAMED(HTTPS, "first.default.svc.cluster.local"),
      {
        ...service({ type: "ExternalName", externalName: "api.example.org", ports: HTTPS }),
        metadata: { name: "first", namespace: "default" },
      },
    ],
  ],
];

describe("what is advised against a violation", () => {
  const clients: Client[] = ["default", "shop", "istio-system"].map((namespace) => ({ namespace }));

  for (const [what, alias] of ALIASES) {
    for (const [whose, rules] of RULES) {
      for (const istioVersion of ["1.20", "1.31"]) {
        it(`puts it right: ${whose}, for an alias of ${what}, on Istio ${istioVersion}`, () => {
          const objects = [...alias, ...rules];
          const facts = { istioVersion };
          assert.ok(judge(readMesh(objects, facts), clients).some(isViolation));
          assert.deepEqual(unhelped(objects, clients, facts), []);
        });
      }
    }
  }

  it("names a wildcard's exceptions rather than the wildcard, and the target that calls follow", () => {
    const [, wildcard] = RULES.find(([what]) => what === "a mesh-wide wildcard")!;
    const mesh = readMesh([...NAMED(HTTPS), ...wildcard]);
    const violation = judge(mesh, clients).find(isViolation)!;
    const { fix, yaml } = explain(violation, mesh);
    assert.match(
      fix,
      /^Leave DestinationRule istio-system\/mutual to the hosts that it is right for/,
    );
    assert.match(
      fix,
      /declare a ServiceEntry for api\.example\.org and write a rule for that host/,
    );
    assert.deepEqual(
      documentsOf(yaml ?? "").map((object) => identity(object)),
      [
        "ServiceEntry/default/api.example.org",
        "DestinationRule/default/api.example.org",
        "DestinationRule/default/my-api",
      ],
    );
  });

  const ports: [string, Fields, string][] = [
    ["http", { name: "http-web", port: 8080 }, "{ number: 8080, name: http-web, protocol: HTTP }"],
    ["gRPC", { name: "grpc", port: 9000 }, "{ number: 9000, name: grpc, protocol: GRPC }"],
    ["TLS", { name: "https", port: 8443 }, "{ number: 8443, name: https, protocol: HTTPS }"],
    [
      "a name without a protocol, on 443",
      { name: "web", port: 443 },
      "{ number: 443, name: tls-443, protocol: TLS }",
    ],
    ["no name, on 80", { port: 80 }, "{ number: 80, name: http-80, protocol: HTTP }"],
    ["no name, elsewhere", { port: 9999 }, "{ number: 9999, name: tcp-9999, protocol: TCP }"],
    [
      "appProtocol",
      { name: "web", appProtocol: "http", port: 81 },
      "{ number: 81, name: http-81, protocol: HTTP }",
    ],
  ];
  for (const [what, port, expected] of ports) {
    it(`speaks the port's protocol in the ServiceEntry: ${what}`, () => {
      const mesh = readMesh([
        ...NAMED([port]),
        rule("default", { host: HOST, trafficPolicy: MUTUAL }),
      ]);
      const violation = judge(mesh, clients).find(isViolation)!;
      const { yaml = "" } = explain(violation, mesh);
      const [entry] = documentsOf(yaml);
      assert.deepEqual((entry?.spec as { ports: unknown }).ports, [parse(expected)]);
      assert.deepEqual(mistakesIn(yaml), []);
    });
  }

  it("puts each violation right by itself, and takes nothing away from anybody", function () {
    this.timeout(runs(60_000));
    fc.assert(
      fc.property(anyMesh, ({ objects, clients, mesh }) => {
        assert.deepEqual(unhelpedBy(objects, clients, mesh), []);
      }),
      { numRuns: runs(60) },
    );
  });

  it("puts it right in any mesh", function () {
    this.timeout(runs(60_000));
    fc.assert(
      fc.property(anyMesh, ({ objects, clients }) => {
        assert.deepEqual(unhelped(objects, clients, {}), []);
      }),
      { numRuns: runs(30) },
    );
  });
});
