import assert from "node:assert/strict";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { onEmbedded } from "../../cli/embedded-config.js";
import { readCatalogue, readEmbeddedCatalogue } from "../../cli/stack-file.js";

describe("a stack on the embedded mesh of another release", () => {
  const configOf = (catalogue: unknown) => ({ other: 1, [CATALOGUE_KEY]: catalogue });

  it("has that release as its mesh's, and the rest of its mesh as it is", () => {
    const mesh = { istioVersion: "1.24", rootNamespace: "mesh" };
    assert.deepEqual(
      onEmbedded(configOf({ mesh, aliases: [] }), "1.22"),
      configOf({ mesh: { ...mesh, istioVersion: "1.22-alpha" }, aliases: [] }),
    );
  });

  it("gets a mesh where it has none", () => {
    for (const none of [{}, { mesh: null }]) {
      const mesh = { istioVersion: "1.22-alpha" };
      assert.deepEqual(onEmbedded(configOf(none), "1.22"), configOf({ ...none, mesh }));
    }
  });

  it("stays as it is on the pinned one, whatever it was written for", () => {
    const config = configOf({ mesh: { istioVersion: "1.24" } });
    assert.equal(onEmbedded(config, "1.31"), config);
  });

  it("keeps its mistakes", () => {
    for (const catalogue of [undefined, 3, [], { mesh: "1.22" }]) {
      assert.deepEqual(onEmbedded(configOf(catalogue), "1.22"), configOf(catalogue));
    }
  });

  it("is judged as one of that release: staging, which is written for 1.24", () => {
    assert.equal(readCatalogue("staging").mesh.istioVersion, "1.24");
    assert.equal(readEmbeddedCatalogue("staging", "1.22").mesh.istioVersion, "1.22-alpha");
  });
});
