import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { readYaml } from "../../cli/input/yaml.js";
import { coreSchemas, pinnedSchemas } from "../../cli/input/schema/write.js";
import { CORE_OBJECTS } from "../cli/input/schema/core-objects.js";
import { dryRun } from "./kube.js";
import { sharedPlane } from "./sharedPlane.js";

const kept = (file: string) =>
  readFileSync(path.join(__dirname, "../../cli/input/schema", file), "utf8");

describe("the schemas that objects are read by", function () {
  this.timeout(60_000);

  it("are those of the pinned Istio's CustomResourceDefinitions", async () => {
    const isSame = kept("schemas.json") === (await pinnedSchemas());
    assert.ok(isSame, "they differ; write them anew: npm run schemas");
  });

  it("are those of the pinned Kubernetes' OpenAPI", async () => {
    const { plane } = await sharedPlane();
    const isSame = kept("core-schemas.json") === (await coreSchemas(plane.kubeconfig));
    assert.ok(isSame, "they differ; write them anew: npm run schemas");
  });

  it("refuse of Kubernetes' own kinds what its API server refuses, and nothing else", async () => {
    const { plane } = await sharedPlane();
    for (const [story, text, message] of CORE_OBJECTS) {
      const { isAccepted, said } = await dryRun(plane.kubeconfig, readYaml(text)[0] as object);
      assert.equal(isAccepted, message === undefined, `${story}: ${said}`);
    }
  });
});
