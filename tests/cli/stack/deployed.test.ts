import assert from "node:assert/strict";
import { deployedClusters, type ExportedResource } from "../../../cli/stack/deployed.js";
import { UNKNOWN } from "../../../mesh/index.js";

const PROVIDER = "urn:pulumi:dev::p::pulumi:providers:kubernetes::team";
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

function exported(name: string, more: Partial<ExportedResource> = {}): ExportedResource {
  const type = "kubernetes:core/v1:Service";
  return { urn: `urn:pulumi:dev::p::${type}::${name}`, type, custom: true, ...more };
}

const onlyObject = (...resources: ExportedResource[]) => {
  const [[object, ...others] = [], ...otherClusters] = objectsOf(...resources);
  assert.deepEqual([others, otherClusters], [[], []]);
  return object;
};

const objectsOf = (...resources: ExportedResource[]) =>
  deployedClusters(resources).map(({ objects }) => objects.map(({ object }) => object));

describe("a stack's state", () => {
  it("reports the objects as the cluster returned them", () => {
    const metadata = {
      name: "a",
      namespace: "n",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
    };
    const inputs = { metadata: { name: "a" } };
    const object = onlyObject(exported("a", { inputs, outputs: { metadata } }));
    assert.deepEqual(object, { apiVersion: "v1", kind: "Service", metadata });
  });

  it("takes the namespace from the provider where the object has none", () => {
    const provider = {
      urn: PROVIDER,
      type: "pulumi:providers:kubernetes",
      inputs: { namespace: "team" },
    };
    const service = exported("a", {
      inputs: { metadata: { name: "a" } },
      provider: `${PROVIDER}::id`,
    });
    const object = onlyObject(provider, service);
    assert.deepEqual(object?.metadata, {
      name: "a",
      namespace: "team",
      creationTimestamp: undefined,
    });
  });

  it("takes the namespace that a judgement goes by where the provider says none either", () => {
    const service = exported("a", { inputs: { metadata: { name: "a" } } });
    const [cluster] = deployedClusters([service], { defaultNamespace: "apps" });
    const { namespace } = cluster?.objects[0]?.object.metadata as { namespace?: string };
    assert.equal(namespace, "apps");
  });

  it("leaves out what is only still to be deleted", () => {
    assert.deepEqual(
      objectsOf(exported("a", { delete: true, outputs: { metadata: { name: "a" } } })),
      [],
    );
  });

  it("opens no secret: what it holds counts as not known", () => {
    const outputs = {
      metadata: { name: "a" },
      spec: { externalName: { ...SECRET, ciphertext: "x" } },
    };
    const object = onlyObject(exported("a", { outputs }));
    assert.deepEqual(object?.spec, { externalName: UNKNOWN });
  });
});
