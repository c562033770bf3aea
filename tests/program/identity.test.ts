import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { runs } from "../runs.js";
import { type WrittenCatalogue, path as editPath } from "../stack/paths/catalogues.js";
import { type Manifest, idOf, runProgram } from "./program.js";
import type { Registration } from "../components/mocks.js";

/** The Kubernetes objects of a catalogue as resources, in the order in which they were registered. */
async function resourcesOf(catalogue: WrittenCatalogue): Promise<Registration[]> {
  const { registrations } = await runProgram(catalogue, "dev");
  return registrations.filter(({ type }) => type.startsWith("kubernetes:"));
}

const objectOf = ({ inputs }: Registration) => idOf(inputs as unknown as Manifest);

/** What an update does that finds `before` in the state: mirrors how the engine looks for a resource. */
function plan(before: readonly Registration[], after: readonly Registration[]) {
  const state = new Map(before.map((resource) => [resource.urn, resource]));
  const found = after.map((resource) => {
    const urn = [resource.urn, ...resource.aliases].find((one) => state.has(one));
    return { resource, old: urn === undefined ? undefined : state.get(urn) };
  });
  const olds = found.flatMap(({ old }) => old ?? []);
  assert.equal(new Set(olds).size, olds.length, "two resources are found as one");
  const moved = found.filter(({ resource, old }) => old && objectOf(old) !== objectOf(resource));
  return {
    created: found.filter(({ old }) => !old).map(({ resource }) => objectOf(resource)),
    deleted: [
      ...before.filter((resource) => !olds.includes(resource)),
      ...moved.map(({ old }) => old!),
    ].map(objectOf),
  };
}

/** What a stack of an older version left in its state. */
function leftBy(version: string): { catalogue: WrittenCatalogue; urns: string[] } {
  const file = path.join(__dirname, `../stack/fixtures/state-of-${version}.json`);
  const { catalogue, resources } = JSON.parse(readFileSync(file, "utf8")) as {
    catalogue: WrittenCatalogue;
    resources: { type: string; urn: string }[];
  };
  const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));
  return { catalogue, urns: objects.map(({ urn }) => urn) };
}

describe("one object, one identity", () => {
  for (const version of ["0.1", "0.2"]) {
    it(`finds every object that a stack of version ${version} has`, async () => {
      const { catalogue, urns } = leftBy(version);
      const resources = await resourcesOf(catalogue);
      const found = resources.flatMap(({ urn, aliases }) =>
        [...new Set([urn, ...aliases])].filter((one) => urns.includes(one)),
      );
      assert.deepEqual(found.sort(), urns.sort());
    });
  }

  it("looks for nothing where no version of this program had it", async () => {
    const { catalogue } = leftBy("0.2");
    const aliases = (await resourcesOf(catalogue)).flatMap(({ aliases }) => aliases);
    assert.deepEqual(
      aliases.filter((urn) => /EgressAlias\$istio-egress:/.test(urn)),
      [],
    );
  });

  const httpbin = (name: string, more: object = {}) => ({
    name,
    namespace: "a",
    externalName: "httpbin.org",
    ports: [{ name: "http", port: 80, targetPort: 443 }],
    tls: { mode: "SIMPLE" },
    ...more,
  });
  const clients = [
    { namespace: "a", injected: true },
    { namespace: "b", injected: false },
  ];
  const cases: { edit: string; before: object; after: object; deleted: string[] }[] = [
    {
      edit: "an alias gets another name",
      before: { clients, aliases: [httpbin("my-httpbin")] },
      after: { clients, aliases: [httpbin("httpbin")] },
      deleted: ["DestinationRule a/my-httpbin", "Service a/my-httpbin"],
    },
    {
      edit: "an alias gets another name and another mode",
      before: { clients, aliases: [httpbin("my-httpbin")] },
      after: { clients, aliases: [httpbin("httpbin", { tls: { mode: "DISABLE" } })] },
      deleted: [
        "DestinationRule a/my-httpbin",
        "Service a/my-httpbin",
        "VirtualService a/httpbin.org",
      ],
    },
    {
      edit: "two aliases swap their targets",
      before: { clients, aliases: [httpbin("x"), httpbin("y", { externalName: "example.com" })] },
      after: { clients, aliases: [httpbin("x", { externalName: "example.com" }), httpbin("y")] },
      deleted: [],
    },
    {
      edit: "a client's namespace gets sidecars, another loses them",
      before: { clients, aliases: [] },
      after: {
        clients: clients.map((client) => ({ ...client, injected: !client.injected })),
        aliases: [],
      },
      deleted: [],
    },
    {
      edit: "a namespace that the stack has made is somebody else's from now on",
      before: { clients, aliases: [] },
      after: { clients: [{ ...clients[0], createNamespace: false }, clients[1]], aliases: [] },
      deleted: [],
    },
    {
      edit: "an alias takes the name of a client's Service",
      before: { clients, aliases: [] },
      after: {
        clients: [{ ...clients[0], name: "caller" }, clients[1]],
        aliases: [httpbin("sleep")],
      },
      deleted: ["Deployment a/sleep", "ServiceAccount a/sleep"],
    },
  ];
  for (const { edit, before, after, deleted } of cases) {
    it(`deletes only what is no longer declared when ${edit}`, async () => {
      const [old, now] = [await resourcesOf(before as never), await resourcesOf(after as never)];
      assert.deepEqual(plan(old, now).deleted.sort(), deleted);
    });
  }

  it("deletes nothing that the new catalogue declares, and creates nothing that is there, on any path", async function () {
    this.timeout(60_000 * runs(1));
    await fc.assert(
      fc.asyncProperty(editPath, async ({ before, after }) => {
        const [old, now] = [await resourcesOf(before), await resourcesOf(after)];
        const { created, deleted } = plan(old, now);
        const [was, is] = [old, now].map((resources) => new Set(resources.map(objectOf)));
        assert.deepEqual(
          deleted.filter((id) => is!.has(id)),
          [],
        );
        assert.deepEqual(
          created.filter((id) => was!.has(id)),
          [],
        );
      }),
      { numRuns: runs(30) },
    );
  });
});
