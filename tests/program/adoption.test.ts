import assert from "node:assert/strict";
import { httpbin, wikipedia } from "../catalogue/examples.js";
import { idOf, type Manifest, runProgram } from "./program.js";

const FORCE = "pulumi.com/patchForce";

/** By object, whether it is applied against what others have written. */
async function forced(config: Record<string, string>): Promise<Record<string, boolean>> {
  const catalogue = {
    clients: [{ namespace: "default", injected: true }],
    aliases: [httpbin, wikipedia],
  };
  const { registrations } = await runProgram(catalogue, "dev", { config });
  return Object.fromEntries(
    registrations
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ inputs }) => inputs as unknown as Manifest & { metadata: { annotations?: object } })
      .map((manifest) => [idOf(manifest), FORCE in (manifest.metadata.annotations ?? {})] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

describe("a stack that adopts what others have applied", () => {
  it("applies the objects of aliases by force, and nothing else", async () => {
    const all = Object.entries(await forced({ "istio-egress:adopt": "true" }));
    const others = all.filter(([, isForced]) => !isForced).map(([id]) => id);
    assert.deepEqual(others, [
      "Deployment default/sleep",
      "Namespace default",
      "Service default/sleep",
      "ServiceAccount default/sleep",
    ]);
    assert.equal(all.length - others.length, 7);
  });

  it("forces nothing by default", async () => {
    for (const config of [{}, { "istio-egress:adopt": "false" }] as Record<string, string>[]) {
      assert.deepEqual(new Set(Object.values(await forced(config))), new Set([false]));
    }
  });
});
