import assert from "node:assert/strict";
import type { PolicyResource } from "@pulumi/policy";
import { type KubeObject, UNKNOWN } from "../../mesh/index.js";
import { stackClusters } from "../../policies/adapter.js";
import { kubernetesResource, resource, unknown } from "../harness/index.js";

const service = (metadata: Record<string, unknown>, spec: unknown = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadata,
  spec,
});

const destinationRule = (metadata: Record<string, unknown>, spec: unknown): KubeObject => ({
  ...service(metadata, spec),
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
});

function objects(...resources: PolicyResource[]): KubeObject[] {
  const clusters = stackClusters(resources);
  assert.equal(clusters.length, 1);
  return clusters[0]!.objects.map(({ object }) => object);
}

function only(...resources: PolicyResource[]): KubeObject {
  const [object, ...others] = objects(...resources);
  assert.deepEqual(others, []);
  return object!;
}

const nameIn = ({ metadata }: KubeObject) =>
  metadata === UNKNOWN ? UNKNOWN : { name: metadata.name, namespace: metadata.namespace };

describe("the objects of a stack", () => {
  describe("namespaces", () => {
    const anywhere = service({ name: "s" });
    it("are the object's own first", () => {
      const own = kubernetesResource(service({ name: "s", namespace: "own" }), {
        provider: { namespace: "provider" },
      });
      assert.deepEqual(nameIn(only(own)), { name: "s", namespace: "own" });
    });
    it("then the provider's", () => {
      const given = kubernetesResource(anywhere, { provider: { namespace: "provider" } });
      assert.deepEqual(nameIn(only(given)), { name: "s", namespace: "provider" });
    });
    it("then the setting's, which is default", () => {
      assert.deepEqual(nameIn(only(kubernetesResource(anywhere))), {
        name: "s",
        namespace: "default",
      });
      const [cluster] = stackClusters([kubernetesResource(anywhere)], { defaultNamespace: "apps" });
      assert.deepEqual(nameIn(cluster!.objects[0]!.object), { name: "s", namespace: "apps" });
    });
    it("aren't known if the provider's isn't", () => {
      const given = kubernetesResource(anywhere, { provider: { namespace: unknown } });
      assert.deepEqual(nameIn(only(given)), { name: "s", namespace: UNKNOWN });
    });
    it("are nothing that a Namespace has", () => {
      const namespace = kubernetesResource({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "n" },
      });
      assert.deepEqual(nameIn(only(namespace)), { name: "n", namespace: undefined });
    });
  });

  it("have no known name while the provider has yet to choose one", () => {
    const autonamed = kubernetesResource(service({ namespace: "default" }));
    assert.deepEqual(nameIn(only(autonamed)), { name: UNKNOWN, namespace: "default" });
  });

  it("may have nothing known but their kind", () => {
    const object = only(kubernetesResource({ ...service({}), metadata: unknown as never }));
    assert.deepEqual([object.kind, object.metadata], ["Service", UNKNOWN]);
  });

  it("are of the kind that they say, whatever the token", () => {
    const props = destinationRule({ name: "r" }, { host: "h" });
    for (const type of ["kubernetes:core/v1:Service", "kubernetes:made/up:Thing"]) {
      const { kind, apiVersion } = only(resource({ type, props }));
      assert.deepEqual([kind, apiVersion], ["DestinationRule", "networking.istio.io/v1"]);
    }
  });

  it("are of the token's kind where theirs isn't known, which is reported", () => {
    const rule = resource({
      type: "kubernetes:networking.istio.io/v1beta1:DestinationRule",
      props: { metadata: { name: "r" }, kind: unknown },
    });
    const { kind, apiVersion } = only(rule);
    assert.deepEqual([kind, apiVersion], ["DestinationRule", "networking.istio.io/v1beta1"]);
    assert.match(stackClusters([rule])[0]!.unseen[0]!.what, /isn't known in this preview/);
  });

  it("aren't another group's of a name that Kubernetes or Istio has too", () => {
    const knative = kubernetesResource({
      ...service({ name: "s" }),
      apiVersion: "serving.knative.dev/v1",
    });
    const own = kubernetesResource(service({ name: "s" }), { name: "own" });
    assert.equal(only(knative, own).apiVersion, "v1");
  });

  it("are taken out of lists", () => {
    const list = resource({
      type: "kubernetes:core/v1:ServiceList",
      props: { items: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }, unknown] },
    });
    assert.deepEqual(objects(list).map(nameIn), [
      UNKNOWN,
      { name: "a", namespace: "default" },
      { name: "b", namespace: "default" },
    ]);
  });

  it("are taken out of lists of any kind, and out of lists in lists", () => {
    const rule = destinationRule({ name: "r" }, { host: "h" });
    const inner = { apiVersion: "v1", kind: "ServiceList", items: [{ metadata: { name: "s" } }] };
    const list = resource({
      type: "kubernetes:core/v1:List",
      props: { apiVersion: "v1", kind: "List", items: [rule, inner] },
    });
    assert.deepEqual(
      objects(list).map((object) => [object.apiVersion, object.kind, nameIn(object)]),
      [
        ["networking.istio.io/v1", "DestinationRule", { name: "r", namespace: "default" }],
        ["v1", "Service", { name: "s", namespace: "default" }],
      ],
    );
  });

  it("that a list doesn't know may be any", () => {
    const list = resource({
      type: "kubernetes:networking.istio.io/v1:DestinationRuleList",
      props: { items: unknown },
    });
    assert.deepEqual(only(list), {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: UNKNOWN,
      spec: UNKNOWN,
    });
  });

  it("leave Secrets, ConfigMaps, components and other clouds alone", () => {
    const types = [
      "kubernetes:core/v1:Secret",
      "kubernetes:core/v1:ConfigMap",
      "pulumi:pulumi:Stack",
      "istio-egress:x:Y",
      "aws:s3/bucket:Bucket",
    ];
    assert.deepEqual(stackClusters(types.map((type) => resource({ type, props: {} }))), []);
  });

  it("come in one order, whatever the order of the resources", () => {
    const resources = ["c", "a", "b"].map((name) => kubernetesResource(service({ name })));
    assert.deepEqual(objects(...resources), objects(...resources.toReversed()));
  });

  describe("creation", () => {
    const created = { name: "s", creationTimestamp: "2026-01-01T00:00:00Z" };
    const timestampOf = ({ metadata }: KubeObject) =>
      metadata === UNKNOWN ? UNKNOWN : metadata.creationTimestamp;
    it("is known of what the API server has stored", () => {
      const stored = kubernetesResource(service({ ...created, resourceVersion: "7" }));
      assert.equal(timestampOf(only(stored)), "2026-01-01T00:00:00Z");
    });
    it("isn't what a preview's dry run says", () => {
      assert.equal(timestampOf(only(kubernetesResource(service(created)))), undefined);
    });
  });

  describe("patches", () => {
    const patch = (object: KubeObject) =>
      kubernetesResource(object, {
        type: `kubernetes:${object.apiVersion.includes("/") ? "" : "core/"}${object.apiVersion}:${object.kind}Patch`,
        name: "patch",
      });
    it("are laid over the object of the stack that they patch", () => {
      const rule = destinationRule(
        { name: "r" },
        { host: "h", trafficPolicy: { tls: { mode: "DISABLE" }, connectionPool: {} } },
      );
      const change = destinationRule(
        { name: "r" },
        { trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
      );
      assert.deepEqual(only(kubernetesResource(rule), patch(change)).spec, {
        host: "h",
        trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" }, connectionPool: {} },
      });
    });
    it("of a rule elsewhere leave its host unknown", () => {
      const change = destinationRule({ name: "r" }, { trafficPolicy: {} });
      assert.deepEqual(only(patch(change)).spec, { host: UNKNOWN, trafficPolicy: {} });
    });
    it("of a rule elsewhere that name its host are taken at their word", () => {
      const change = destinationRule({ name: "r" }, { host: "h" });
      assert.deepEqual(only(patch(change)).spec, { host: "h" });
    });
    it("that the API server answered with the whole object are whole", () => {
      const live = destinationRule(
        { name: "r", uid: "u", resourceVersion: "7" },
        { host: "h", subsets: [] },
      );
      assert.deepEqual(only(patch(live)).spec, { host: "h", subsets: [] });
    });
    it("of an object whose name isn't known aren't those of another one", () => {
      const rule = destinationRule(
        {},
        { host: "h", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
      );
      const change = destinationRule(
        { name: unknown },
        { trafficPolicy: { tls: { mode: "DISABLE" } } },
      );
      const modes = objects(kubernetesResource(rule), patch(change)).map(
        ({ spec }) => (spec as { trafficPolicy: { tls: { mode: string } } }).trafficPolicy.tls.mode,
      );
      assert.deepEqual(modes.sort(), ["DISABLE", "ISTIO_MUTUAL"]);
    });
    it("that only label are no statement about traffic", () => {
      const labels = { name: "x", labels: { team: "a" } };
      const stack = stackClusters([
        patch(destinationRule(labels, undefined)),
        patch(service(labels, undefined)),
      ]);
      assert.deepEqual(
        stack.flatMap((cluster) => cluster.objects),
        [],
      );
    });
    it("of a namespace are the namespace", () => {
      const namespace: KubeObject = {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "default", labels: { a: "b" } },
      };
      assert.equal(only(patch(namespace)).kind, "Namespace");
    });
  });
});
