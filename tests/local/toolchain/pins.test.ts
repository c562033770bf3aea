import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../../local/toolchain/cache.js";

/** The versions that a Go module of the toolchain pins, by module path; a replacement counts. */
function pins(module: string): Map<string, string> {
  const file = path.join(REPOSITORY, "local/toolchain", module, "go.mod");
  const lines = readFileSync(file, "utf8").matchAll(
    /^(?:require|replace)?\s+([\w.~/-]+)(?: => [\w.~/-]+)? (v[\w.+-]+)/gm,
  );
  const found = [...lines].map((line) => ({
    name: line[1]!,
    version: line[2]!,
    replaces: line[0].includes("=>"),
  }));
  found.sort((a, b) => Number(a.replaces) - Number(b.replaces));
  return new Map(found.map(({ name, version }) => [name, version]));
}

/** What may differ: Pulumi's provider keeps the client libraries of its release, each language host its SDK. */
const DIFFERS: Record<string, RegExp> = {
  pulumi: /^(k8s\.io|sigs\.k8s\.io|github\.com\/google\/(cel-go|gnostic-models))\//,
  "nodejs-host": /^github\.com\/pulumi\//,
  "yaml-host": /^github\.com\/pulumi\//,
};

describe("the Go modules of the toolchain", () => {
  const mesh = pins("mesh");
  const shared = new Map([...pins("pulumi"), ...mesh]);

  it("are read as they are written", () => {
    assert.equal(mesh.get("go.etcd.io/etcd/server/v3"), "v3.7.3");
    assert.equal(mesh.get("k8s.io/client-go"), "v0.36.3", "the replacement, not the requirement");
    assert.equal(pins("pulumi").get("github.com/pulumi/pulumi/pkg/v3"), "v3.246.0");
  });

  for (const [module, differs] of Object.entries(DIFFERS)) {
    // A package of another version is compiled a second time: such pins make a build minutes longer.
    it(`pin what they share in one version, so that it is compiled once (${module})`, () => {
      const others = [...pins(module)].filter(
        ([name, version]) =>
          shared.has(name) && shared.get(name) !== version && !differs.test(`${name}/`),
      );
      assert.deepEqual(
        others.map(([name, version]) => `${name} ${version}, elsewhere ${shared.get(name)}`),
        [],
      );
    });
  }
});
