import assert from "node:assert/strict";
import {
  apiServerNotes,
  externalAliases,
  judge,
  judgeApiServer,
  readMesh,
  type KubeObject,
  type MeshFacts,
} from "../../../mesh/index.js";
import {
  endpoints,
  HTTP,
  IM,
  namespaces,
  OFF,
  OUTSIDE,
  pod,
  rule,
  service,
  serviceEntry,
  slice,
  workloadEntry,
} from "../objects.js";

const SHOP = "cart.shop.svc.cluster.local";
const APP = { app: "cart" };
const PORTS = [{ number: 80, name: "http", protocol: "HTTP" }];

/** `shop/cart`, whose Pods have sidecars. */
const CART = [service("shop", "cart", { selector: APP, ports: [HTTP] }), sidecars("shop", "cart")];
const MUTUAL_HERE = rule("shop", "cart", { host: SHOP, ...IM });
const MUTUAL_EVERYWHERE = rule("istio-system", "all", { host: "*", ...IM });

/** A ready Pod with a sidecar, and the slice that Kubernetes writes for it. */
function sidecars(namespace: string, name: string): KubeObject {
  return pod(namespace, `${name}-1`, "10.0.0.5", APP);
}

const behind = (namespace: string, name: string) =>
  slice(namespace, name, "10.0.0.5", {
    endpoints: [
      { addresses: ["10.0.0.5"], targetRef: { kind: "Pod", namespace, name: `${name}-1` } },
    ],
    ports: [{ name: "http", port: 80, protocol: "TCP" }],
  });

function entry(namespace: string, spec: Record<string, unknown> = {}): KubeObject {
  const endpoint = { endpoints: [{ address: OUTSIDE }] };
  return serviceEntry(namespace, "cart-outside", {
    hosts: [SHOP],
    location: "MESH_EXTERNAL",
    resolution: "STATIC",
    ports: PORTS,
    ...endpoint,
    ...spec,
  });
}

/** What is said, by client: `web: ok PLAIN`, of which alias. */
function said(objects: KubeObject[], facts: Partial<MeshFacts> = {}): string[] {
  const verdicts = judge(readMesh(objects, facts), [
    { namespace: "shop", labels: {} },
    { namespace: "web", labels: {} },
  ]);
  return verdicts.map(
    ({ alias, client, verdict, tls }) =>
      `${alias.namespace}/${alias.name} for ${client.namespace}: ${verdict} ${tls ?? ""}`,
  );
}

describe("a host that several services have", () => {
  const inside = [...CART, behind("shop", "cart")];

  it("leads outside only for those who are given the one outside", () => {
    const own = entry("web", { exportTo: ["."] });
    assert.deepEqual(said([...inside, own, MUTUAL_HERE]), ["web/cart-outside for web: ok PLAIN"]);
  });

  it("is judged for those by the rule that they follow", () => {
    const own = [entry("web", { exportTo: ["."] }), rule("web", "cart", { host: SHOP, ...IM })];
    assert.deepEqual(said([...inside, ...own]), [
      "web/cart-outside for web: violation ISTIO_MUTUAL",
    ]);
  });

  it("leads outside for those who are given the Service, where that leads outside", () => {
    const outside = [
      service("shop", "cart", { ports: [HTTP] }),
      endpoints("shop", "cart", { ip: OUTSIDE }, HTTP),
    ];
    const own = entry("web", {
      exportTo: ["."],
      endpoints: [{ address: "10.0.0.5", labels: { "security.istio.io/tlsMode": "istio" } }],
    });
    assert.deepEqual(said([...outside, own, MUTUAL_EVERYWHERE]), [
      "shop/cart for shop: violation ISTIO_MUTUAL",
    ]);
  });

  it("is as open for those who are given a Service without addresses as that is", () => {
    const open = service("shop", "cart", { ports: [HTTP] });
    assert.deepEqual(said([open, entry("other"), MUTUAL_EVERYWHERE]), [
      "shop/cart for shop: undecided ",
      "shop/cart for web: undecided ",
    ]);
  });

  it("is reported once where both stand for what is outside", () => {
    assert.deepEqual(said([...inside, entry("shop"), MUTUAL_HERE]), [
      "shop/cart for shop: violation ISTIO_MUTUAL",
      "shop/cart for web: violation ISTIO_MUTUAL",
    ]);
    const { alias, target } = judge(readMesh([...inside, entry("shop")]))[0]!;
    assert.deepEqual([alias.kind, target], ["Service", OUTSIDE]);
  });

  it("leads an ExternalName outside for those alone who are given the one outside", () => {
    const alias = service("web", "cart", { type: "ExternalName", externalName: SHOP });
    const own = entry("web", { exportTo: ["."] });
    assert.deepEqual(
      said([...inside, own, alias, MUTUAL_EVERYWHERE]).filter((one) => one.startsWith("web/cart ")),
      ["web/cart for web: violation ", "web/cart for web: violation ISTIO_MUTUAL"],
    );
  });
});

describe("what is said to be outside the mesh", () => {
  const named = (address: string, spec: Record<string, unknown> = {}) =>
    serviceEntry("web", "message", {
      hosts: ["message.alias.local"],
      resolution: "DNS",
      ports: PORTS,
      endpoints: [{ address }],
      ...spec,
    });
  const cart = service("shop", "cart", { selector: APP, ports: [HTTP] });
  const stories: [story: string, objects: KubeObject[], found: string][] = [
    ["is inside where its endpoint is a Service of the cluster", [cart, named(SHOP)], ""],
    [
      "is outside where that Service is",
      [service("shop", "cart", { type: "ExternalName", externalName: "h.org" }), named(SHOP)],
      "violation",
    ],
    ["may be outside where that Service isn't among the objects", [named(SHOP)], "undecided"],
    ["is outside where its endpoint has another name", [cart, named("h.org")], "violation"],
    [
      "is outside where one of its endpoints is",
      [cart, named(SHOP, { endpoints: [{ address: SHOP }, { address: "h.org" }] })],
      "violation",
    ],
    [
      "is inside where its endpoints have sidecars",
      [
        named(OUTSIDE, {
          resolution: "STATIC",
          endpoints: [{ address: OUTSIDE, serviceAccount: "a" }],
        }),
      ],
      "",
    ],
    [
      "is inside where all that it selects has sidecars",
      [
        named("", {
          resolution: "STATIC",
          endpoints: undefined,
          workloadSelector: { labels: APP },
        }),
        pod("web", "cart-1", "10.0.0.5", APP),
      ],
      "",
    ],
    [
      "is outside where a workload that it selects has none",
      [
        named("", {
          resolution: "STATIC",
          endpoints: undefined,
          workloadSelector: { labels: APP },
        }),
        workloadEntry("web", "vm", { address: OUTSIDE, labels: APP }),
      ],
      "violation",
    ],
    [
      "is outside where callers go to it anyway",
      [cart, named(SHOP, { resolution: "NONE" })],
      "violation",
    ],
  ];
  for (const [story, objects, found] of stories) {
    it(story, () => {
      const verdicts = judge(readMesh([...objects, MUTUAL_EVERYWHERE]), [
        { namespace: "web", labels: {} },
      ]);
      const own = verdicts.filter(({ alias }) => alias.name === "message");
      assert.deepEqual(
        own.map(({ verdict }) => verdict),
        found === "" ? [] : [found],
      );
    });
  }

  it("has the name that its proxies look up as its target, not the one that was made up", () => {
    const [alias] = externalAliases(
      readMesh([named("example.com", { hosts: ["site.web.svc.cluster.local"] })]),
    );
    assert.equal(alias?.target, "example.com");
  });
});

describe("an ExternalName that leads to a Service of the cluster", () => {
  const gateway = (metadata: object, gatewayClassName: string): KubeObject => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { namespace: "edge", name: "egress", ...metadata },
    spec: { gatewayClassName, listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  });
  const to = (name: string) =>
    service("app", "api", {
      type: "ExternalName",
      externalName: `${name}.edge.svc.cluster.local`,
      ports: [HTTP],
    });
  const named = { annotations: { "gateway.istio.io/name-override": "out" } };
  const stories: [story: string, objects: KubeObject[], found: string[], facts?: object][] = [
    ["may lead outside where that isn't among the objects", [to("egress")], ["undecided"]],
    [
      "leads outside where the facts say so",
      [to("egress")],
      ["violation"],
      { externalHosts: ["*.edge.svc.cluster.local"] },
    ],
    [
      "stays inside where it is there",
      [to("egress"), service("edge", "egress", { selector: APP, ports: [HTTP] })],
      [],
    ],
    ["stays inside where istiod makes it", [to("egress-istio"), gateway({}, "istio")], []],
    ["stays inside where it is given a name", [to("out"), gateway(named, "istio")], []],
    ["stays inside where it is a waypoint's", [to("egress"), gateway({}, "istio-waypoint")], []],
    [
      "may lead outside where another makes it",
      [to("egress"), gateway({}, "other")],
      ["undecided"],
    ],
    [
      "leads to the API server outside the mesh",
      [
        service("app", "api", {
          type: "ExternalName",
          externalName: "kubernetes.default.svc.cluster.local",
          ports: [HTTP],
        }),
      ],
      ["violation"],
    ],
  ];
  for (const [story, objects, found, facts] of stories) {
    it(story, () => {
      const mesh = readMesh([...objects, MUTUAL_EVERYWHERE], facts);
      const verdicts = judge(mesh, [{ namespace: "app", labels: {} }]);
      assert.deepEqual([...new Set(verdicts.map(({ verdict }) => verdict))], found);
    });
  }

  it("stays inside in every order of rules", () => {
    const objects = [to("egress-istio"), gateway({}, "istio"), MUTUAL_EVERYWHERE];
    const another = rule("istio-system", "more", { host: "*", ...OFF });
    assert.deepEqual(judge(readMesh([...objects, another])), []);
  });
});

describe("the API server", () => {
  const found = (objects: KubeObject[]) =>
    judgeApiServer(readMesh([...objects, ...namespaces("shop")])).map(
      ({ client, verdict }) => `${client.namespace}: ${verdict}`,
    );

  it("is there in every cluster, and has no sidecar", () => {
    assert.deepEqual(found([rule("istio-system", "all", { host: "*.local", ...IM })]), [
      "shop: violation",
      "any other namespace: violation",
    ]);
    assert.deepEqual(found([rule("shop", "all", { host: "*.local", ...IM })]), ["shop: violation"]);
  });

  it("is left alone by a rule of its own, and by rules about others", () => {
    const own = { host: "kubernetes.default.svc.cluster.local", ...OFF };
    const all = rule("istio-system", "all", { host: "*.local", ...IM });
    assert.deepEqual(found([all, rule("istio-system", "api", own)]), []);
    assert.deepEqual(
      found([rule("istio-system", "all", { host: "*.shop.svc.cluster.local" })]),
      [],
    );
  });

  it("is judged like any other alias where its Service is among the objects", () => {
    const objects = [
      service("default", "kubernetes", { ports: [{ name: "https", port: 443 }] }),
      endpoints("default", "kubernetes"),
      rule("istio-system", "all", { host: "*.local", ...IM }),
    ];
    assert.deepEqual(found(objects), []);
    assert.equal(judge(readMesh(objects))[0]?.verdict, "violation");
  });

  it("is reported with the rule, the clients and what to write", () => {
    const mesh = readMesh([
      rule("istio-system", "all", { host: "*.local", ...IM }),
      ...namespaces("shop"),
    ]);
    const [note] = apiServerNotes(judgeApiServer(mesh), ({ namespace }) => namespace);
    assert.equal(
      note?.text,
      "DestinationRule istio-system/all (host *.local) holds for kubernetes.default.svc.cluster.local " +
        "too, the API server, which every cluster has: clients in shop, any other namespace send it " +
        "Istio's mutual TLS, and every such call fails. A rule with DISABLE for " +
        "kubernetes.default.svc.cluster.local in namespace default is looked at first.",
    );
  });
});
