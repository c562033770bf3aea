import assert from "node:assert/strict";
import { stringify } from "yaml";
import { meshConfigIn } from "../../../cli/input/mesh-config.js";
import { Mistake } from "../../../cli/mistake.js";
import type { KubeObject, MeshFacts } from "../../../mesh/index.js";

const CONFIG = { rootNamespace: "istio-config", enableAutoMtls: false };

function configMap(config: unknown, name = "istio", namespace = "istio-system"): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace, name },
    data: { mesh: typeof config === "string" ? config : stringify(config) },
  };
}

const read = (objects: KubeObject[], said: Partial<MeshFacts> = {}) =>
  meshConfigIn(
    objects.map((object) => ({ object })),
    said,
  );

describe("a mesh's configuration among objects", () => {
  it("says what the objects don't, and is reported", () => {
    assert.deepEqual(read([configMap(CONFIG)]), {
      facts: CONFIG,
      notes: [
        'rootNamespace "istio-config", enableAutoMtls false is taken from ConfigMap istio-system/istio.',
      ],
    });
  });

  it("counts only where nobody said otherwise", () => {
    const { notes } = read([configMap(CONFIG)], { rootNamespace: "r", enableAutoMtls: true });
    assert.deepEqual(notes, []);
  });

  it("is the one of the revision", () => {
    const objects = [configMap(CONFIG), configMap({ rootNamespace: "c" }, "istio-canary")];
    assert.deepEqual(read(objects, { revision: "canary" }).facts, { rootNamespace: "c" });
    assert.deepEqual(read([configMap(CONFIG, "other")]).facts, {});
  });

  it("has the injector's values, as far as they aren't the defaults", () => {
    const values = {
      global: { proxy: { includeIPRanges: "10.0.0.0/8,192.168.0.0/16", excludeIPRanges: "" } },
    };
    const injector: KubeObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "istio-sidecar-injector", namespace: "istio-system" },
      data: { values: JSON.stringify(values) },
    };
    const includeOutboundIPRanges = ["10.0.0.0/8", "192.168.0.0/16"];
    assert.deepEqual(read([injector]), {
      facts: { includeOutboundIPRanges },
      notes: [
        'includeOutboundIPRanges ["10.0.0.0/8","192.168.0.0/16"] is taken from ConfigMap istio-system/istio-sidecar-injector.',
      ],
    });
    assert.deepEqual(read([configMap(CONFIG), injector]).facts, {
      ...CONFIG,
      includeOutboundIPRanges,
    });
  });

  it("may be what the ConfigMap is made from", () => {
    const operator = (apiVersion: string, kind: string, spec: object): KubeObject => ({
      apiVersion,
      kind,
      metadata: { namespace: "istio-system", name: "mesh" },
      spec,
    });
    for (const object of [
      operator("install.istio.io/v1alpha1", "IstioOperator", { meshConfig: CONFIG }),
      operator("sailoperator.io/v1", "Istio", { values: { meshConfig: CONFIG } }),
    ]) {
      assert.deepEqual(read([object]).facts, CONFIG);
      assert.deepEqual(read([object], { revision: "canary" }).facts, {});
    }
  });

  it("is the root namespace's where there are several", () => {
    const objects = [configMap({ rootNamespace: "a" }, "istio", "a"), configMap(CONFIG)];
    assert.deepEqual(read(objects).facts, CONFIG);
    assert.deepEqual(read(objects, { rootNamespace: "a" }).facts, { rootNamespace: "a" });
  });

  it("is refused where two count alike, and where it can't be read", () => {
    const two = [configMap({ rootNamespace: "a" }, "istio", "a"), configMap(CONFIG, "istio", "b")];
    const refused: [KubeObject[], RegExp][] = [
      [two, /^ConfigMap a\/istio and ConfigMap b\/istio configure the mesh differently\./],
      [[configMap("a: [")], /^ConfigMap istio-system\/istio: mesh: not YAML: /],
      [
        [configMap({ enableAutoMtls: "perhaps" })],
        /^ConfigMap istio-system\/istio: mesh: enableAutoMtls: /,
      ],
    ];
    for (const [objects, message] of refused) {
      assert.throws(
        () => read(objects),
        (error: Error) => error instanceof Mistake && message.test(error.message),
      );
    }
  });

  it("is reported where it hides more than is modelled", () => {
    const { notes } = read([configMap({ discoverySelectors: [{ matchLabels: { a: "b" } }] })]);
    assert.match(notes.join(), /^meshConfig\.discoverySelectors isn't modelled/);
  });
});
