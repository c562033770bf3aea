import assert from "node:assert/strict";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import type { Plane } from "../../local/plane.js";
import { runningProcesses } from "../../local/processes.js";
import { ensureToolchain } from "../../local/toolchain/index.js";
import { close, listenOn } from "../local/sockets.js";
import { Checkout } from "./checkout.js";
import { settledSnapshot } from "./snapshot.js";

/** Somebody else's alias in the same stack, with a rule that would send it Istio's own TLS. */
const VIOLATION = `
import { Endpoints, Service } from "@pulumi/kubernetes/core/v1/index.js";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";

const metadata = { name: "legacy", namespace: "default" };
const ports = [{ name: "tls", port: 443 }];
new Service("legacy", { metadata, spec: { ports } });
new Endpoints("legacy", { metadata, subsets: [{ addresses: [{ ip: "192.0.2.10" }], ports }] });
new CustomResource("legacy-rule", {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata,
  spec: { host: "legacy", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
});
`;

describe("the commands as a person types them, on real parts", function () {
  this.timeout(600_000);

  let checkout: Checkout;
  let files: Record<string, string>;
  let plane: Plane;

  before(async () => {
    await ensureToolchain();
    checkout = new Checkout();
    files = checkout.files();
  });

  after(() => checkout?.remove());

  it("npm run up: from nothing to the verified result", async () => {
    const { exitCode, output } = await checkout.run("up");
    assert.equal(exitCode, 0, output);
    assert.match(output, /^ok +Pod default\/sleep +2\/2 Running$/m);
    assert.match(output, /^All \d+ are as Pulumi\.dev\.yaml declares\.$/m);
    // Its preview was over before the mesh was.
    assert.doesNotMatch(output, /^Previewing/m);
    plane = await checkout.plane();
    assert.ok(output.includes(`export KUBECONFIG=${plane.kubeconfig}\n`), output);
  });

  it("npm run up again: changes nothing", async () => {
    const { exitCode, output } = await checkout.run("up");
    assert.equal(exitCode, 0, output);
    assert.match(output, /^ +\d+ unchanged$/m);
    assert.doesNotMatch(output, /\d+ (to )?(created?|updated?|deleted?)/);
  });

  it("npm run verify: reality is as declared", async () => {
    const { exitCode, output } = await checkout.run("verify", "--json");
    assert.equal(exitCode, 0, output);
    const { ok, rows } = JSON.parse(output) as { ok: boolean; rows: { ok: boolean }[] };
    assert.ok(ok && rows.length > 10 && rows.every((row) => row.ok), output);
  });

  it("npm run up of a stack that violates the policy: refused, and nothing is changed", async () => {
    const before = await settledSnapshot(plane.kubeconfig);
    appendFileSync(checkout.file("index.ts"), VIOLATION);
    const { exitCode, output } = await checkout.run("up");
    writeFileSync(checkout.file("index.ts"), files["index.ts"]!);
    assert.equal(exitCode, 1, output);
    assert.match(output, /egress-disallow-istio-mutual {2}\(.*DestinationRule: legacy-rule\)/);
    assert.match(output, /host: legacy\.default\.svc\.cluster\.local, port 443$/m);
    assert.match(output, /rule: DestinationRule default\/legacy, at its top level/);
    assert.match(output, /instead: Change the mode in DestinationRule default\/legacy: DISABLE/);
    assert.deepEqual(await settledSnapshot(plane.kubeconfig), before);
  });

  it("npm run up in another checkout: a mesh of its own, beside the first", async () => {
    const other = new Checkout();
    try {
      // Its first stack is previewed while the mesh starts; what is refused then is still said.
      appendFileSync(other.file("index.ts"), VIOLATION);
      const refused = await other.run("up");
      assert.equal(refused.exitCode, 1, refused.output);
      assert.match(
        refused.output,
        /egress-disallow-istio-mutual {2}\(.*DestinationRule: legacy-rule\)/,
      );
      assert.doesNotMatch(refused.output, /^Updating/m);
      writeFileSync(other.file("index.ts"), files["index.ts"]!);

      const { exitCode, output } = await other.run("up", "--stack", "staging");
      assert.equal(exitCode, 0, output);
      assert.notEqual((await other.plane()).apiServer, plane.apiServer);
      assert.deepEqual(await checkout.plane(), plane);
      assert.equal((await other.run("down")).exitCode, 0);
      assert.ok(!existsSync(other.file(".state")));
      assert.deepEqual(await checkout.plane(), plane);
    } finally {
      await other.remove();
    }
  });

  it("npm run down: no process, port or file is left, and the sources are as they were", async () => {
    const { exitCode, output } = await checkout.run("down");
    assert.equal(exitCode, 0, output);
    assert.deepEqual(runningProcesses(checkout.planeState), []);
    const ports = [...Object.values(plane.istiod), Number(new URL(plane.apiServer).port)];
    for (const port of ports) await close(await listenOn(port));
    assert.ok(!existsSync(checkout.file(".state")));
    assert.deepEqual(checkout.files(), files);
  });

  it("npm run down again: there is nothing to do", async () => {
    assert.deepEqual(await checkout.run("down"), { exitCode: 0, output: "Nothing is up." });
  });
});
