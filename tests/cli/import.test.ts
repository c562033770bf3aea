import assert from "node:assert/strict";
import { parse } from "yaml";
import { CATALOGUE_KEY, parseCatalogue } from "../../catalogue/catalogue.js";
import { command } from "../../cli/import.js";
import { ExitCode } from "../../cli/mistake.js";
import { assertIsMistake, assertRefuses, istioEgress } from "./command.js";

/** What a stack file that was printed configures. */
function configIn(stdout: string): Record<string, unknown> {
  return (parse(stdout) as { config: Record<string, unknown> }).config;
}

describe("istio-egress import", function () {
  this.timeout(20_000);

  it("prints a stack file that a stack can be made of, and says what it means", async () => {
    const { code, stdout, stderr } = await istioEgress(["import", "-f", "examples/task.yaml"]);
    const { [CATALOGUE_KEY]: written, ...rest } = configIn(stdout);
    assert.deepEqual(rest, { "istio-egress:adopt": "true" });
    const { aliases } = parseCatalogue(written, "imported");
    assert.deepEqual(
      aliases.map(({ name, tls }) => [name, tls.mode]),
      [
        ["my-httpbin", "DISABLE"],
        ["my-wikipedia", "DISABLE"],
      ],
    );
    assert.match(
      stderr,
      /^Taken over by the first `pulumi up` \(5\):\n {2}Service default\/my-httpbin/,
    );
    assert.match(stderr, /^Made by it \(2\):$/m);
    for (const line of stderr.split("\n")) assert.ok(line.length <= 100, line);
    assert.equal(code, ExitCode.Ok);
  });

  it("says what can't be in a catalogue, and ends as that deserves", async () => {
    const wrong = await istioEgress(["import", "-f", "examples/wildcard.yaml"]);
    assert.match(wrong.stderr, /^Not in the catalogue \(\d\):$/m);
    assert.match(wrong.stderr, /DestinationRule shop\/mesh-mtls says ISTIO_MUTUAL/);
    assert.equal(wrong.code, ExitCode.Violation);
    const input = `
      { apiVersion: v1, kind: Service, metadata: { name: x },
        spec: { type: ExternalName, externalName: x.example.com } }`;
    const other = await istioEgress(["import", "-f", "-"], { input });
    assert.match(other.stderr, /Service default\/x: can't be declared as it is: ports/);
    assert.equal(other.code, ExitCode.Undecided);
    assert.deepEqual(parseCatalogue(configIn(other.stdout)[CATALOGUE_KEY], "imported").aliases, []);
  });

  it("writes down what was said of the mesh", async () => {
    const args = ["import", "-f", "examples/task.yaml", "--istio-version", "1.20"];
    const { stdout } = await istioEgress(args);
    const { mesh } = configIn(stdout)[CATALOGUE_KEY] as { mesh: object };
    assert.deepEqual(mesh, { istioVersion: "1.20" });
  });

  it("refuses what makes no sense, in one line", async () => {
    await assertRefuses(command(), [], /nothing to import: give -f FILES/);
    await assertRefuses(command(), ["--kube", "x.yaml"], /a live cluster or files, not both/);
    await assertRefuses(command(), ["--context", "x", "-f", "x.yaml"], /--context does nothing/);
    await assertRefuses(command(), ["-f", "nowhere.yaml"], /nowhere.yaml: there is no such file/);
    assertIsMistake(await istioEgress(["import", "--kube"]), /no cluster is chosen/);
    // No catalogue can be for so old a mesh.
    const old = ["import", "-f", "examples/task.yaml", "--istio-version", "1.12"];
    assertIsMistake(await istioEgress(old), /mesh.istioVersion: Istio 1.12 is too old/);
  });
});
