/**
 * What a preview of the dev stack with the full policy pack costs, against the smallest one there is:
 * one Namespace in plain JavaScript with an empty compiled pack; same engine, provider and API server.
 * The two take turns, so that a machine that slows down slows both.
 *
 *   npm run bench -- [runs]
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { buildPolicyPack, POLICY_PACK } from "../../cli/up.js";
import { meshTools } from "../../cli/embedded.js";
import { openEngine, openStack, pulumi$, type Engine } from "../../local/engine.js";
import { startPlane, stopPlane } from "../../local/plane.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { ensureToolchain, MAIN_PARTS } from "../../local/toolchain/index.js";

const SMALLEST: Record<string, string> = {
  "program/Pulumi.yaml":
    "name: smallest\nmain: index.js\nruntime: { name: nodejs, options: { typescript: false } }\n",
  "program/package.json": '{ "name": "smallest", "version": "1.0.0" }',
  "program/Pulumi.dev.yaml": "config: {}\n",
  "program/index.js":
    'const { Namespace } = require("@pulumi/kubernetes/core/v1");\n' +
    'new Namespace("one", { metadata: { name: "one" } });\n',
  "pack/PulumiPolicy.yaml": "runtime: nodejs\n",
  "pack/package.json": '{ "name": "empty", "version": "1.0.0", "main": "index.js" }',
  "pack/index.js":
    'const { PolicyPack } = require("@pulumi/policy");\n' +
    'new PolicyPack("empty", { policies: [] });\n',
};

/** The packages of the smallest program and pack; what else is installed here they don't see. */
function writeSmallest(folder: string): void {
  for (const [file, text] of Object.entries(SMALLEST)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(folder, "program/node_modules"));
  mkdirSync(path.join(folder, "pack/node_modules"));
  symlinkSync(
    path.join(REPOSITORY, "node_modules/@pulumi"),
    path.join(folder, "pack/node_modules/@pulumi"),
  );
}

async function preview(engine: Engine, project: string, config: string, pack: string) {
  const started = performance.now();
  await pulumi$(
    engine,
    ["preview", "-s", "dev", "--config-file", config, "--policy-pack", pack, "--non-interactive"],
    { cwd: project },
  );
  return (performance.now() - started) / 1000;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const spread = (values: number[]) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;

async function measure(folder: string, runs: number): Promise<void> {
  const toolchain = await ensureToolchain(MAIN_PARTS);
  const stateDir = path.join(folder, "plane");
  const began = performance.now();
  const plane = await startPlane({ stateDir, tools: meshTools(toolchain) });
  console.log(`the plane was ready in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  try {
    await buildPolicyPack();
    writeSmallest(folder);
    const engine = await openEngine(toolchain, path.join(folder, "engine"), plane.kubeconfig);
    const smallEngine = await openEngine(toolchain, path.join(folder, "small"), plane.kubeconfig);
    const program = path.join(folder, "program");
    const ours = await openStack(engine, REPOSITORY, "dev");
    const theirs = await openStack(smallEngine, program, "dev");
    const pack = path.join(folder, "pack");

    const dev: number[] = [];
    const smallest: number[] = [];
    for (let run = -1; run < runs; run++) {
      const small = await preview(smallEngine, program, theirs, pack);
      const full = await preview(engine, REPOSITORY, ours, POLICY_PACK);
      if (run < 0) continue; // The first pair warms the caches.
      smallest.push(small);
      dev.push(full);
      console.log(`${run + 1}: smallest ${small.toFixed(2)} s, dev stack ${full.toFixed(2)} s`);
    }
    const ratios = dev.map((full, i) => full / smallest[i]!);
    console.log(`smallest   ${spread(smallest)} s`);
    console.log(`dev stack  ${spread(dev)} s`);
    console.log(`ratio      ${spread(ratios)}`);
  } finally {
    await stopPlane(stateDir);
  }
}

const folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-bench-"));
void measure(folder, Number(process.argv[2] ?? 7)).finally(() => {
  rmSync(folder, { recursive: true, force: true });
});
