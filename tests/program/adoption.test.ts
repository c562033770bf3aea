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
      .map((manifest) => [idOf(manifest), FORCE in (manifest.metadata.annotations ?? {})]),
  );
}

describe("a stack that adopts what others have applied", () => {
  it("applies all its objects by force, but for a namespace that it only labels", async () => {
    const { "Namespace default": label, ...rest } = await forced({ "istio-egress:adopt": "true" });
    assert.equal(label, false);
    assert.deepEqual(new Set(Object.values(rest)), new Set([true]));
    assert.ok("ServiceEntry default/httpbin.org" in rest && "Service default/my-httpbin" in rest);
  });

  it("forces nothing by default", async () => {
    for (const config of [{}, { "istio-egress:adopt": "false" }] as Record<string, string>[]) {
      assert.deepEqual(new Set(Object.values(await forced(config))), new Set([false]));
    }
  });
});
