import assert from "node:assert/strict";
import fc from "fast-check";
import { RunError } from "@pulumi/pulumi";
import { runs } from "../runs.js";
import { type Manifest, idOf, runProgram } from "./program.js";

/** Names, namespaces and targets whose parts can be put together in more than one way. */
const NAMES = ["x", "y", "x-y", "x-target", "x-ipv4", "x-rule", "y-x", "target"];
const NAMESPACES = ["x", "y", "x-y", "y-x"];
const HOSTS = ["x.example", "y-x.example", "x-y.example", "target.example"];

const alias = fc.record({
  name: fc.constantFrom(...NAMES),
  namespace: fc.constantFrom(...NAMESPACES),
  target: fc.oneof(
    fc.record({ externalName: fc.constantFrom(...HOSTS) }),
    fc.record({
      addresses: fc.constant(["192.0.2.1", "2001:db8::1"]),
      endpointsApi: fc.constantFrom("Endpoints", "EndpointSlice"),
    }),
  ),
});

const aliases = fc.array(alias, { minLength: 2, maxLength: 5 }).map((drawn) =>
  drawn.map(({ target, ...rest }) => ({
    ...rest,
    ...target,
    ports: [{ name: "http", port: 80, targetPort: 443 }],
    tls: { mode: "SIMPLE", sni: "x.example" },
  })),
);

const client = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom("sleep", "x", "y-x"),
  injected: fc.boolean(),
});
const clients = fc.uniqueArray(client, { maxLength: 2, selector: ({ namespace }) => namespace });

/** As the Kubernetes provider names the YAML file of an object. */
function fileOf({ apiVersion, kind, metadata }: Manifest & { apiVersion: string }): string {
  const { namespace = "default", name } = metadata;
  return `${apiVersion.replace("/", "_")}-${kind.toLowerCase()}-${namespace}-${name}.yaml`;
}

/** The objects of a stack and what Pulumi calls them; undefined where the catalogue is refused. */
async function made(catalogue: object, config: Record<string, string>) {
  try {
    const { registrations } = await runProgram(catalogue, "dev", { config });
    return registrations.filter(({ type }) => type.startsWith("kubernetes:"));
  } catch (error) {
    assert.ok(error instanceof RunError, String(error));
    return undefined;
  }
}

function assertDistinct(values: readonly string[]): void {
  const again = values.filter((value, i) => values.indexOf(value) !== i);
  assert.deepEqual(again, []);
}

describe("the objects of different aliases and clients", function () {
  this.timeout(60_000 * runs(1));

  for (const [what, config, nameOf] of [
    ["are different objects in the cluster", {}, idOf],
    [
      "are different files",
      { "kubernetes:renderYamlToDirectory": "rendered" },
      (manifest: Manifest) => fileOf(manifest as never),
    ],
  ] as const) {
    it(`${what} and different resources in Pulumi, or the catalogue is refused`, async () => {
      let taken = 0;
      await fc.assert(
        fc.asyncProperty(aliases, clients, async (aliases, clients) => {
          const found = await made({ aliases, clients }, config);
          if (!found) return;
          taken += 1;
          assertDistinct(found.map(({ urn }) => urn));
          const labels = found.filter(({ type }) => !type.endsWith("Patch"));
          assertDistinct(labels.map(({ inputs }) => nameOf(inputs as unknown as Manifest)));
        }),
        { numRuns: runs(15) },
      );
      assert.ok(taken > 0, "all are refused");
    });
  }

  it("says which two would be one file, and only where files are written", async () => {
    const ports = [{ name: "tls", port: 443 }];
    const addresses = ["192.0.2.1"];
    const tls = { mode: "DISABLE" };
    const catalogue = {
      clients: [],
      aliases: [
        { name: "eu-web", namespace: "shop", addresses, ports, tls },
        { name: "web", namespace: "shop-eu", addresses, ports, tls },
      ],
    };
    assert.ok(await made(catalogue, {}));
    const config = { "kubernetes:renderYamlToDirectory": "rendered" };
    await assert.rejects(runProgram(catalogue, "dev", { config }), {
      message:
        "web in namespace shop-eu and eu-web in namespace shop would be one YAML file, " +
        "...-shop-eu-web.yaml; give one of them another name, or render them by stacks of their own",
    });
  });
});
