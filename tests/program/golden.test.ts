import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { catalogueOf, idOf, manifestsOf, runProgram, type Manifest } from "./program.js";

const GOLDEN = path.join(__dirname, "golden");

function manifestsIn(file: string): Map<string, Manifest> {
  const documents = parseAllDocuments(readFileSync(path.join(GOLDEN, file), "utf8"));
  const manifests = documents.map((document) => document.toJS() as Manifest);
  return new Map(manifests.map((manifest) => [idOf(manifest), manifest]));
}

/** UPDATE_GOLDEN=1 writes what the program sends now; the diff is then what is reviewed. */
function expected(stack: string, actual: ReadonlyMap<string, Manifest>): Map<string, Manifest> {
  if (process.env.UPDATE_GOLDEN) {
    const text = [...actual.values()].map((manifest) => stringify(manifest)).join("---\n");
    writeFileSync(path.join(GOLDEN, `${stack}.yaml`), text);
  }
  return manifestsIn(`${stack}.yaml`);
}

for (const stack of ["dev", "staging", "prod"]) {
  describe(`the objects of stack ${stack}`, () => {
    let actual: Map<string, Manifest>;
    before(async () => {
      const { registrations } = await runProgram(catalogueOf(stack), stack);
      actual = manifestsOf(registrations);
    });

    it("are those of the golden file, and no others", () => {
      assert.deepEqual([...actual.keys()], [...expected(stack, actual).keys()]);
    });

    it("are those of the golden file field by field", () => {
      for (const [id, manifest] of expected(stack, actual)) {
        assert.deepEqual(actual.get(id), manifest, id);
      }
    });
  });
}

/** What we add to the task's objects, and why. */
const ADDED: Record<string, RegExp> = {
  "whose they are": /^metadata\.labels\.app\.kubernetes\.io\/managed-by$/,
  "which stack a namespace goes with": /^metadata\.annotations\.istio-egress\/stack$/,
  "the namespace, which the task leaves to kubectl's default": /^metadata\.namespace$/,
  "the opt-out of injection, so that the outcome doesn't depend on the mesh's default":
    /^metadata\.labels\.istio-injection$/,
  "the opt-out on the Pods, which are made anew when it changes":
    /^spec\.template\.metadata\.labels\.sidecar\.istio\.io\/inject$/,
  "that the provider needn't wait: for a Service whose Deployment it waits for, or an external name":
    /^metadata\.annotations\.pulumi\.com\/skipAwait$/,
  "Kubernetes' own default": /^subsets\.0\.ports\.0\.protocol$/,
  "empty lists of kubernetesx":
    /^spec\.template\.spec\.(initContainers|containers\.0\.(env|ports))$/,
};

describe("the dev stack beside the task's own objects", () => {
  let actual: Map<string, Manifest>;
  const task = [...manifestsIn("task.yaml").values()].map((manifest) => {
    const namespace = manifest.metadata.namespace ?? "default";
    const metadata = manifest.kind === "Namespace" ? {} : { namespace };
    return { ...manifest, metadata: { ...manifest.metadata, ...metadata } };
  });
  before(async () => {
    const { registrations } = await runProgram(catalogueOf("dev"), "dev");
    actual = manifestsOf(registrations);
  });

  for (const manifest of task) {
    it(`has ${idOf(manifest)} with every field of the task, and adds only what is said`, () => {
      const fields = fieldsOf(actual.get(idOf(manifest)));
      for (const [field, value] of fieldsOf(manifest)) {
        assert.deepEqual(fields.get(field), value, field);
        fields.delete(field);
      }
      const unexplained = [...fields.keys()].filter(
        (field) => !Object.values(ADDED).some((pattern) => pattern.test(field)),
      );
      assert.deepEqual(unexplained, []);
    });
  }

  it("adds only what makes the task's rule real since Istio 1.21, and the label that the task takes for granted", () => {
    const ids = new Set(task.map(idOf));
    assert.deepEqual(
      [...actual.keys()].filter((id) => !ids.has(id)),
      [
        "DestinationRule default/httpbin.org",
        "Namespace default",
        "ServiceEntry default/httpbin.org",
      ],
    );
  });
});

/** Every leaf of a value by its path; an empty list is a leaf. */
function fieldsOf(value: unknown, at: string[] = []): Map<string, unknown> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) return new Map([[at.join("."), value]]);
  return new Map(entries.flatMap(([key, child]) => [...fieldsOf(child, [...at, key])]));
}
