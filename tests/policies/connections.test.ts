import assert from "node:assert/strict";
import type { PolicyResource } from "@pulumi/policy";
import { UNKNOWN } from "../../mesh/index.js";
import { stackClusters } from "../../policies/adapter.js";
import { connectionsOf } from "../../policies/connections.js";
import { egressPolicies } from "../../policies/pack.js";
import { kubernetesResource, preview, unknown } from "../harness/index.js";
import { BOTH, EU, FILES, US, kubeconfig, machine } from "./kubeconfigs.js";
import { WIKIPEDIA, objectsOf, rule, tls, unwrapped } from "./stacks.js";

type Provider = Record<string, unknown>;

/** An object of each provider's, called after its place. */
const objectsAt = (...providers: (Provider | undefined)[]): PolicyResource[] =>
  providers.map((provider, index) =>
    kubernetesResource(
      { apiVersion: "v1", kind: "Service", metadata: { name: String(index) } },
      { ...(provider && { provider }), name: String(index) },
    ),
  );

function clusters(providers: readonly (Provider | undefined)[], ambient?: string): string[] {
  const connections = connectionsOf(machine(ambient));
  return stackClusters(objectsAt(...providers), { connections }).map(({ objects }) =>
    objects
      .map(({ logicalName }) => logicalName)
      .sort()
      .join(""),
  );
}

describe("the clusters of a stack", () => {
  const ONE: [string, (Provider | undefined)[], string?][] = [
    ["the same kubeconfig", [{ kubeconfig: BOTH }, { kubeconfig: BOTH, namespace: "shop" }]],
    [
      "the current context, and the same by name",
      [{ kubeconfig: BOTH }, { kubeconfig: BOTH, context: "eu" }],
    ],
    [
      "a path, and what is in the file",
      [{ kubeconfig: "/etc/eu" }, { kubeconfig: FILES["/etc/eu"] }],
    ],
    [
      "a path in the home folder, and the same in full",
      [{ kubeconfig: "~/.kube/config" }, { kubeconfig: "/home/me/.kube/config" }],
    ],
    [
      "a context, and its cluster",
      [
        { kubeconfig: BOTH, context: "us" },
        { kubeconfig: BOTH, cluster: "us" },
      ],
    ],
    ["the ambient kubeconfig, and its path", [{}, { kubeconfig: "/home/me/.kube/config" }]],
    [
      "the ambient kubeconfig, and one that KUBECONFIG names",
      [{}, { kubeconfig: "/etc/eu" }],
      "/etc/eu",
    ],
    [
      "a context of files that KUBECONFIG lists, and one of them",
      [{ context: "us" }, { kubeconfig: "/etc/us" }],
      "/etc/eu:/etc/us",
    ],
    [
      "the first file of KUBECONFIG, whose context is current",
      [{}, { kubeconfig: "/etc/us" }],
      "/etc/missing:/etc/us:/etc/eu",
    ],
    ["an empty property, and none", [{ kubeconfig: "", context: "" }, {}]],
    ["two kubeconfigs with one server", [{ kubeconfig: "/etc/yaml" }, { kubeconfig: "/etc/eu" }]],
    [
      "two names of this machine",
      [
        { kubeconfig: kubeconfig({ a: { server: "https://localhost:6443", ca: ["a"] } }) },
        { kubeconfig: kubeconfig({ a: { server: "https://127.0.0.1:6443", ca: ["a"] } }) },
      ],
    ],
    [
      "a server with and without its default port",
      [
        { kubeconfig: kubeconfig({ a: { server: "https://a.example" } }) },
        { kubeconfig: kubeconfig({ a: { server: "https://a.example:443/" } }) },
      ],
    ],
    [
      "two addresses of one authority",
      [{ kubeconfig: "/etc/eu" }, { kubeconfig: "/etc/ca-in-a-file" }],
    ],
    [
      "two addresses while an authority is being replaced",
      [
        { kubeconfig: kubeconfig({ a: { server: "https://10.0.0.1", ca: ["old", "new"] } }) },
        { kubeconfig: kubeconfig({ a: { server: "https://10.0.0.2", ca: ["new"] } }) },
      ],
    ],
    [
      "a forwarded port that nobody vouches for, and any",
      [
        { kubeconfig: kubeconfig({ a: { server: "http://127.0.0.1:8001" } }) },
        { kubeconfig: "/etc/eu" },
      ],
    ],
    [
      "a kubeconfig that isn't known yet, and any",
      [{ kubeconfig: unknown }, { kubeconfig: "/etc/eu" }],
    ],
    ["two that aren't known yet", [{ kubeconfig: unknown }, { context: unknown }]],
    [
      "a kubeconfig that isn't there, and any",
      [{ kubeconfig: "/etc/missing" }, { kubeconfig: "/etc/eu" }],
    ],
    ["two kubeconfigs that aren't there", [{ kubeconfig: "a" }, { kubeconfig: "b" }]],
    [
      "a kubeconfig that can't be read, and any",
      [{ kubeconfig: "/etc/broken" }, { kubeconfig: "/etc/eu" }],
    ],
    [
      "a context that isn't there, and any",
      [{ kubeconfig: BOTH, context: "asia" }, { kubeconfig: "/etc/eu" }],
    ],
    [
      "YAML that goes somewhere, and any",
      [{ renderYamlToDirectory: "out" }, { kubeconfig: "/etc/eu" }],
    ],
    ["a provider that isn't said, and any", [undefined, { kubeconfig: "/etc/eu" }]],
    [
      "one identifier, whatever can be read",
      [
        { kubeconfig: "a", clusterIdentifier: "eu" },
        { kubeconfig: "/etc/eu", clusterIdentifier: "eu" },
      ],
    ],
    [
      "one server under two identifiers",
      [
        { kubeconfig: "/etc/eu", clusterIdentifier: "blue" },
        { kubeconfig: BOTH, clusterIdentifier: "green" },
      ],
    ],
  ];
  for (const [what, providers, ambient] of ONE) {
    it(`are one: ${what}`, () => {
      assert.deepEqual(clusters(providers, ambient), ["01"]);
      assert.deepEqual(clusters(providers.toReversed(), ambient), ["01"]);
    });
  }

  const TWO: [string, Provider[]][] = [
    [
      "two servers with authorities of their own",
      [{ kubeconfig: "/etc/eu" }, { kubeconfig: "/etc/us" }],
    ],
    ["two contexts of one kubeconfig", [{ kubeconfig: BOTH }, { kubeconfig: BOTH, context: "us" }]],
    ["two contexts of the ambient kubeconfig", [{}, { context: "us" }]],
    [
      "two servers of public authorities",
      [
        { kubeconfig: kubeconfig({ a: { server: "https://a.example" } }) },
        { kubeconfig: kubeconfig({ b: { server: "https://b.example" } }) },
      ],
    ],
    [
      "two paths of one proxy",
      [
        {
          kubeconfig: kubeconfig({
            a: { server: "https://proxy.example/k8s/clusters/a", ca: ["p"] },
          }),
        },
        {
          kubeconfig: kubeconfig({
            b: { server: "https://proxy.example/k8s/clusters/b", ca: ["p"] },
          }),
        },
      ],
    ],
    [
      "two identifiers, where nothing else is known",
      [
        { kubeconfig: unknown, clusterIdentifier: "eu" },
        { kubeconfig: unknown, clusterIdentifier: "us" },
      ],
    ],
  ];
  for (const [what, providers] of TWO) {
    it(`are two: ${what}`, () => assert.deepEqual(clusters(providers), ["0", "1"]));
  }

  it("have an object in each that it may be in", () => {
    const providers = [
      { kubeconfig: "/etc/eu" },
      { kubeconfig: "/etc/us" },
      { kubeconfig: unknown },
    ];
    assert.deepEqual(clusters(providers).sort(), ["02", "12"]);
    assert.deepEqual(
      clusters([...providers, { kubeconfig: unknown, clusterIdentifier: "asia" }]).sort(),
      ["023", "123"],
    );
  });

  it("are named by their providers where nothing distinguishes them", () => {
    const connections = connectionsOf(machine());
    const doubtful = (...providers: Provider[]) =>
      stackClusters(objectsAt(...providers), { connections }).map(({ doubtful }) => doubtful);
    assert.deepEqual(doubtful({ kubeconfig: "/etc/eu" }, { kubeconfig: unknown }), [["cluster"]]);
    assert.deepEqual(doubtful({ kubeconfig: "/etc/eu" }, { kubeconfig: BOTH }), [[]]);
  });
});

describe("the namespace of an object without one", () => {
  const IN_SHOP = kubeconfig({ eu: { ...EU, namespace: "shop" }, us: US });
  const cases: [string, Provider, string | typeof UNKNOWN][] = [
    ["the context's", { kubeconfig: IN_SHOP }, "shop"],
    ["the provider's before the context's", { kubeconfig: IN_SHOP, namespace: "apps" }, "apps"],
    [
      "the setting's for a context without",
      { kubeconfig: IN_SHOP, context: "us" },
      "from-settings",
    ],
    ["the setting's where the kubeconfig isn't there", { kubeconfig: "a" }, "from-settings"],
    ["not known where the provider's isn't", { namespace: unknown }, UNKNOWN],
  ];
  for (const [what, provider, expected] of cases) {
    it(`is ${what}`, () => {
      const options = { connections: connectionsOf(machine()), defaultNamespace: "from-settings" };
      const [cluster] = stackClusters(objectsAt(provider), options);
      const { metadata } = cluster!.objects[0]!.object;
      assert.equal(metadata === UNKNOWN ? undefined : metadata.namespace, expected);
    });
  }
});

describe("an alias and a rule with a provider each", () => {
  const HOST = "my-wikipedia.default.svc.cluster.local";
  const stack = (one: Provider, other: Provider): PolicyResource[] => [
    ...objectsOf(WIKIPEDIA).map((object) => kubernetesResource(object, { provider: one })),
    ...objectsOf(rule("r", HOST, tls("ISTIO_MUTUAL"))).map((object) =>
      kubernetesResource(object, { provider: other }),
    ),
  ];
  const violations = async (one: Provider, other: Provider) =>
    (await preview(egressPolicies(), stack(one, other), { way: "proxied" }))
      .filter(({ policy }) => policy === "egress-disallow-istio-mutual")
      .map(({ message }) => unwrapped(message));

  it("are judged together where the providers lead to one cluster", async () => {
    const [message, ...others] = await violations(
      { kubeconfig: BOTH },
      { kubeconfig: BOTH, context: "eu" },
    );
    assert.match(message ?? "", /rule: DestinationRule default\/r/);
    assert.doesNotMatch(message ?? "", /^cluster:/m);
    assert.deepEqual(others, []);
  });

  it("are judged together where nothing distinguishes them, which is said", async () => {
    const [message, ...others] = await violations({ kubeconfig: unknown }, { kubeconfig: BOTH });
    assert.match(message ?? "", /^cluster: the providers .* clusterIdentifier/m);
    assert.deepEqual(others, []);
  });

  it("don't meet in two clusters", async () => {
    const providers = [{ kubeconfig: BOTH }, { kubeconfig: BOTH, context: "us" }] as const;
    assert.deepEqual(await violations(...providers), []);
  });
});
