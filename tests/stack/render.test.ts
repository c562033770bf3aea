import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { type Manifest, idOf } from "../program/program.js";
import { nowhere } from "./kube.js";
import { sharedPlane } from "./sharedPlane.js";
import { TestStack, catalogueOf } from "./testStack.js";

const GOLDEN = path.join(REPOSITORY, "tests/program/golden/dev.yaml");

/** For GitOps: `pulumi config set kubernetes:renderYamlToDirectory <folder>`, then `pulumi up`. */
describe("the stack as YAML files, by the real provider and without a cluster", function () {
  this.timeout(300_000);

  const CLUSTERS: Record<string, Record<string, string>> = {
    "the ambient cluster": {},
    "a cluster that the stack names": { "istio-egress:context": "istio-egress" },
  };

  for (const [title, cluster] of Object.entries(CLUSTERS)) {
    it(`is the golden objects, field by field, and goes again: instead of ${title}`, async () => {
      const on = await sharedPlane();
      const folder = path.join(on.folder, "rendered");
      const config = { "kubernetes:renderYamlToDirectory": folder, ...cluster };
      const stack = await TestStack.open({ on, kubeconfig: nowhere(on), config });
      const run = await stack.up(catalogueOf("dev"));
      assert.equal(run.exitCode, 0, run.output);

      const files = filesIn(folder).map((file) => readFileSync(file, "utf8"));
      const rendered = byId(files.map((file) => parse(file) as Manifest));
      const golden = parseAllDocuments(readFileSync(GOLDEN, "utf8"));
      const expected = byId(golden.map((document) => asRendered(document.toJS() as Manifest)));
      // It isn't the stack's: applied as a file it would be, and go with it.
      expected.delete("Namespace default");
      assert.match(run.output, /kubectl label namespace default istio-injection=enabled/);
      assert.deepEqual([...rendered.keys()], [...expected.keys()]);
      for (const [id, manifest] of expected) assert.deepEqual(rendered.get(id), manifest, id);

      await stack.close();
      assert.deepEqual(filesIn(folder), []);
    });
  }
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
}

function byId(manifests: Manifest[]): Map<string, Manifest> {
  const entries = manifests.map((manifest): [string, Manifest] => [idOf(manifest), manifest]);
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The provider leaves out empty lists, which kubernetesx writes. */
function asRendered<T>(value: T): T {
  if (Array.isArray(value)) return value.map(asRendered) as T;
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(
    ([, field]) => !(Array.isArray(field) && field.length === 0),
  );
  return Object.fromEntries(fields.map(([key, field]) => [key, asRendered(field)])) as T;
}
