import assert from "node:assert/strict";
import type { PolicyResource } from "@pulumi/policy";
import { egressPolicies } from "../../../policies/pack.js";
import { type Way, itBothWays, kubernetesResource, preview, unknown } from "../../harness/index.js";
import { objectsOf, rule, tls, unwrapped } from "../stacks.js";

const NAME = "egress-one-object-one-resource";
const UNDECIDED = "egress-undecided-tls";

async function reports(way: Way, resources: PolicyResource[], policy = NAME): Promise<string[]> {
  return (await preview(egressPolicies(), resources, { way }))
    .filter((report) => report.policy === policy)
    .map(({ message }) => unwrapped(message));
}

/** Resources of one object each, called `one`, `two`, ... */
function resourcesOf(...yaml: string[]): PolicyResource[] {
  const names = ["one", "two", "three"];
  return yaml
    .flatMap(objectsOf)
    .map((object, i) => kubernetesResource(object, { name: names[i]! }));
}

const entry = (name: string, { namespace = "default", version = "v1" } = {}) => `
apiVersion: networking.istio.io/${version}
kind: ServiceEntry
metadata: { name: ${name}, namespace: ${namespace} }
spec: { hosts: [httpbin.org], location: MESH_EXTERNAL, resolution: DNS, ports: [{ name: http, number: 80, protocol: HTTP }] }
`;

const service = (namespace?: string) => `
apiVersion: v1
kind: Service
metadata: { name: web${namespace ? `, namespace: ${namespace}` : ""} }
spec: { selector: { app: web }, ports: [{ name: http, port: 80 }] }
`;

describe(NAME, () => {
  itBothWays("names the resources that are one object, and says what comes of it", async (way) => {
    assert.deepEqual(await reports(way, resourcesOf(entry("httpbin.org"), entry("httpbin.org"))), [
      "ServiceEntry default/httpbin.org: 2 resources are this one object: one and two\n" +
        "because: when one of them goes, the object goes, and the other's with it\n" +
        "instead: declare it once, or give the others another name or namespace",
    ]);
  });

  const same: { title: string; yaml: string[] }[] = [
    {
      title: "another version of their group",
      yaml: [entry("a"), entry("a", { version: "v1alpha3" })],
    },
    { title: "a namespace, and the default one", yaml: [service(), service("default")] },
    {
      title: "namespaces, which are in none",
      yaml: ["one", "two"].map(() => "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n"),
    },
    {
      title: "rules of other specs",
      yaml: ["DISABLE", "SIMPLE"].map((mode) => rule("a", "b.c", tls(mode))),
    },
    {
      title: "an item of a list",
      yaml: [
        service("default"),
        `apiVersion: v1\nkind: ServiceList\nitems: [{ metadata: { name: web, namespace: default } }]\n`,
      ],
    },
  ];
  for (const { title, yaml } of same) {
    itBothWays(`finds the same object in ${title}`, async (way) => {
      assert.equal((await reports(way, resourcesOf(...yaml))).length, 1);
    });
  }

  const different: { title: string; yaml: string[] }[] = [
    { title: "other names", yaml: [entry("a"), entry("b")] },
    { title: "other namespaces", yaml: [entry("a"), entry("a", { namespace: "shop" })] },
    {
      title: "kinds of one name in other groups",
      yaml: [service("default"), service("default").replace("v1", "serving.knative.dev/v1")],
    },
  ];
  for (const { title, yaml } of different) {
    itBothWays(`takes ${title} for different objects`, async (way) => {
      assert.deepEqual(await reports(way, resourcesOf(...yaml)), []);
    });
  }

  itBothWays("distinguishes resources of one name by their types", async (way) => {
    const [object] = objectsOf(entry("a"));
    const parents = ["first:Component", "second:Component"];
    const twins = parents.map((type) => ({
      ...kubernetesResource(object!, { name: "twin" }),
      urn: `urn:pulumi:test::test::${type}$kubernetes:networking.istio.io/v1:ServiceEntry::twin`,
    }));
    const [message] = await reports(way, twins);
    for (const type of parents) assert.ok(message?.includes(`${type}$kubernetes`), message);
  });

  itBothWays("leaves Patch resources to what they patch, be they one or several", async (way) => {
    const [whole] = objectsOf(rule("a", "b.c", tls("DISABLE")));
    const type = "kubernetes:networking.istio.io/v1:DestinationRulePatch";
    const patches = ["two", "three"].map((name) => kubernetesResource(whole!, { type, name }));
    assert.deepEqual(
      await reports(way, [...resourcesOf(rule("a", "b.c", tls("DISABLE"))), ...patches]),
      [],
    );
    assert.deepEqual(await reports(way, patches), []);
  });

  const at = (name: string, provider: Record<string, unknown>) =>
    objectsOf(entry("a")).map((object) => kubernetesResource(object, { name, provider }));

  itBothWays("leaves clusters apart that are known to differ", async (way) => {
    const two = [
      ...at("one", { clusterIdentifier: "east" }),
      ...at("two", { clusterIdentifier: "west" }),
    ];
    assert.deepEqual(await reports(way, two), []);
  });

  itBothWays(
    "leaves it open where nothing distinguishes two clusters, and says so",
    async (way) => {
      const two = ["east", "west"].flatMap((name) =>
        at(name, { kubeconfig: unknown }).map((one) => ({
          ...one,
          provider: { ...one.provider!, name },
        })),
      );
      assert.deepEqual(await reports(way, two), []);
      const [message] = await reports(way, two, UNDECIDED);
      assert.match(message ?? "", /ServiceEntry default\/a: east and west may be this one object/);
      const [third] = at("third", { kubeconfig: unknown });
      const three = [...two, { ...third!, provider: two[0]!.provider }];
      assert.equal((await reports(way, three)).length, 1, "two of them are one provider's");
    },
  );

  itBothWays("leaves it open where a name isn't known, and says so", async (way) => {
    const two = resourcesOf(
      service("default"),
      service("default").replace("name: web,", `name: ${unknown},`),
    );
    assert.deepEqual(await reports(way, two), []);
    const [message] = await reports(way, two, UNDECIDED);
    assert.match(message ?? "", /the name or the namespace of the Service of two/);
  });

  itBothWays("isn't in doubt where no other object can have the name", async (way) => {
    const two = resourcesOf(
      service("shop"),
      service("default").replace("name: web,", `name: ${unknown},`),
    );
    assert.deepEqual(await reports(way, two, UNDECIDED), []);
  });
});
