import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCatalogue } from "../../../catalogue/catalogue.js";
import { importCatalogue } from "../../../cli/import/import-catalogue.js";
import type { KubeObject } from "../../../mesh/index.js";
import { runs } from "../../runs.js";
import { runProgram } from "../../program/program.js";
import { catalogue, type DrawnCatalogue } from "./catalogues.js";

/** What the program sends for a catalogue: the objects that a team without one would have applied. */
async function objectsOf(drawn: DrawnCatalogue): Promise<KubeObject[]> {
  const { registrations } = await runProgram({ ...drawn, clients: [] }, "dev");
  return registrations
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => inputs as unknown as KubeObject);
}

describe("what a catalogue makes, imported", () => {
  it("is that catalogue again, and everything is taken over", async () => {
    await fc.assert(
      fc.asyncProperty(catalogue, async (drawn) => {
        const objects = await objectsOf(drawn);
        const imported = importCatalogue({ objects, facts: drawn.mesh });
        assert.deepEqual(imported.leftOut, []);
        assert.deepEqual(imported.beside, []);
        assert.deepEqual(imported.created, []);
        assert.equal(imported.takenOver.length, objects.length);
        const [is, was] = [imported.catalogue, { ...drawn, clients: [] }].map((written) =>
          parseCatalogue(written, "drawn"),
        );
        assert.deepEqual(sorted(is!.aliases), sorted(was!.aliases));
        assert.deepEqual(is!.mesh, was!.mesh);
      }),
      { numRuns: runs(25) },
    );
  }).timeout(60_000);
});

/** An import has no order of its own; what isn't written is the same as what has no value. */
function sorted(aliases: readonly { namespace: string; name: string }[]): unknown {
  const plain = JSON.parse(JSON.stringify(aliases)) as typeof aliases;
  const key = ({ namespace, name }: (typeof aliases)[number]) => `${namespace}/${name}`;
  return plain.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)).map(unordered);
}

/** An address family has a slice of its own, so that the order among families is lost. */
function unordered(alias: object): object {
  const { addresses, ...rest } = alias as { addresses?: string[] };
  return { ...rest, ...(addresses && { addresses: addresses.toSorted() }) };
}
