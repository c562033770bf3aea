import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { meshTools } from "../../cli/embedded.js";
import { openEngine, openStack, stacksFolder } from "../../local/engine.js";
import { startPlane } from "../../local/plane.js";
import { runningProcesses } from "../../local/processes.js";
import { projectName } from "../../local/stack-file.js";
import { MAIN_PARTS, ensureToolchain } from "../../local/toolchain/index.js";
import { Checkout } from "./checkout.js";

/** The lock that an engine leaves in its file backend when it is killed in an update. */
function lockLeftBehind(backend: string, project: string, stack: string): void {
  const folder = path.join(backend, ".pulumi/locks/organization", project, stack);
  mkdirSync(folder, { recursive: true });
  const owner = {
    pid: 1,
    username: "ci",
    hostname: os.hostname(),
    timestamp: "2026-01-01T00:00:00Z",
  };
  writeFileSync(
    path.join(folder, "8b9a2f6e-0000-4000-8000-000000000000.json"),
    JSON.stringify(owner),
  );
}

describe("npm run down where stacks can't be destroyed, on real parts", function () {
  this.timeout(180_000);

  let checkout: Checkout;
  before(() => (checkout = new Checkout()));
  after(() => checkout?.remove());

  it("says which and why, takes away what a killed update left, and stops the mesh all the same", async () => {
    const toolchain = await ensureToolchain(MAIN_PARTS);
    const tools = meshTools(toolchain);
    const { kubeconfig } = await startPlane({ stateDir: checkout.planeState, tools });
    const engine = await openEngine(toolchain, checkout.file(".state/engine"), kubeconfig);
    for (const stack of ["dev", "staging"]) await openStack(engine, checkout.folder, stack);
    const backend = checkout.file(".state/engine/backend");
    lockLeftBehind(backend, projectName(checkout.folder), "dev");
    rmSync(checkout.file("Pulumi.staging.yaml"));

    const { exitCode, output } = await checkout.run("down");
    assert.equal(exitCode, 0, output);
    assert.doesNotMatch(output, /currently locked|Can't destroy stack dev/);
    assert.match(output, /^Can't destroy stack staging; .* there is no Pulumi\.staging\.yaml; /m);
    assert.deepEqual(runningProcesses(checkout.planeState), []);
    assert.ok(!existsSync(checkout.file(".state")));
  });

  it("keeps the stacks of another project apart from its own", async () => {
    const other = checkout.file("other");
    mkdirSync(other);
    writeFileSync(path.join(other, "Pulumi.yaml"), "name: other\nruntime: nodejs\n");
    writeFileSync(path.join(other, "Pulumi.dev.yaml"), "config:\n  other:key: theirs\n");
    const toolchain = await ensureToolchain(MAIN_PARTS);
    const engine = await openEngine(toolchain, checkout.file(".state/engine"), "");
    const ours = await openStack(engine, checkout.folder, "dev");
    const theirs = await openStack(engine, other, "dev");
    assert.match(readFileSync(ours, "utf8"), /istio-egress:catalogue/);
    assert.match(readFileSync(theirs, "utf8"), /other:key: theirs/);
    assert.notEqual(stacksFolder(engine, other), stacksFolder(engine, checkout.folder));
  });
});
