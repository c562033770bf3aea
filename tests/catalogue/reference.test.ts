import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { MEANINGS } from "../../catalogue/meanings.js";
import { cataloguePage } from "../../catalogue/reference-docs.js";
import { catalogueKeys } from "../../catalogue/reference.js";

const PAGE = path.join(__dirname, "../../docs/catalogue.md");

describe("the reference of the catalogue's keys", () => {
  it("has a meaning for each key of the schema, and for no other", () => {
    const paths = catalogueKeys().map((key) => key.path);
    assert.deepEqual(paths.sort(), Object.keys(MEANINGS).sort());
  });

  it("is what docs/catalogue.md says (npm run docs:catalogue)", () => {
    const page = readFileSync(PAGE, "utf8");
    assert.equal(page, cataloguePage(page));
  });

  it("has the types, the defaults and what is required of the schema", () => {
    const keys = new Map(catalogueKeys().map(({ path, ...key }) => [path, key]));
    const shown = (path: string) => {
      const { type, isRequired, default: standard } = keys.get(path)!;
      return [type, isRequired, standard];
    };
    assert.deepEqual(shown("aliases"), ["list of objects", true, undefined]);
    assert.deepEqual(shown("aliases[].namespace"), ["string", false, '"default"']);
    assert.deepEqual(shown("aliases[].ports[].port"), ["number", true, undefined]);
    assert.deepEqual(shown("aliases[].tls.mode"), [
      "`DISABLE` or `SIMPLE` or `MUTUAL`",
      true,
      undefined,
    ]);
    assert.deepEqual(shown("aliases[].tls.workloadSelector"), ["map of strings", false, undefined]);
    assert.deepEqual(shown("mesh.clusterCidrs"), ["list of strings", false, "[]"]);
  });
});
