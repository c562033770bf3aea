import { readdirSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import fc from "fast-check";
import Mocha from "mocha";
import { ensureToolchain } from "../local/toolchain/index.js";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { ExitCode } from "./mistake.js";

/** Folders whose tests run on the real engine, provider, API server, istiod or Envoy. */
const REAL = ["tests/stack/", "tests/oracle/", "tests/traffic/", "tests/packages/"];

/** npm scripts, with what makes the second run of those that can a matter of seconds. */
const CHECKS: readonly { title: string; command: readonly string[] }[] = [
  {
    title: "types (tsc)",
    command: ["typecheck", "--", "--incremental", "--tsBuildInfoFile", "node_modules/.cache/tsc"],
  },
  { title: "lint (eslint)", command: ["lint"] },
  { title: "imports (dependency-cruiser)", command: ["lint:imports"] },
  { title: "API reference (typedoc)", command: ["docs:api", "--", "--emit", "none"] },
  { title: "format (prettier)", command: ["format:check", "--", "--cache"] },
];

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

/** `istio-egress test`: the checks and unit tests first, then the tests on real parts. */
export function command(): Command {
  return new Command("test")
    .option("--unit", "only what needs no toolchain: checks and unit tests")
    .addHelpText(
      "after",
      `
One file alone:   npx mocha tests/stack/up.test.ts
Tests below ${REAL.join(", ")} run on real parts.
The tools that they need are built when they are missing.`,
    )
    .action(async (options: { unit?: boolean }) => {
      process.exitCode = await runTests(options.unit ?? false);
    });
}

async function runTests(unitOnly: boolean): Promise<ExitCode> {
  const { PROPERTY_SEED } = process.env;
  if (PROPERTY_SEED) fc.configureGlobal({ seed: Number(PROPERTY_SEED) });
  const started = Date.now();
  const files = readdirSync(path.join(REPOSITORY, "tests"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => path.join("tests", file))
    .sort();
  const isReal = (file: string) => REAL.some((folder) => file.startsWith(folder));
  // The checks keep one core busy while the unit tests keep another.
  const checking = runChecks();
  const tested = await runMocha(files.filter((file) => !isReal(file)));
  const unit = { ...tested, failed: tested.failed + reportChecks(await checking) };
  console.log(`What needs no toolchain took ${seconds(started)}.`);
  if (unitOnly) return conclude(unit);
  if (unit.failed > 0) {
    console.log("Some of it failed, so the tests on real parts weren't started.");
    return conclude(unit);
  }

  await ensureToolchain();
  const real = await runMocha(files.filter(isReal));
  console.log(
    `${real.passed + real.failed} of these tests ran on real parts: Pulumi's engine and provider, ` +
      `etcd, the API server, istiod. All took ${seconds(started)}.`,
  );
  return conclude({
    passed: unit.passed + real.passed,
    failed: unit.failed + real.failed,
    skipped: unit.skipped + real.skipped,
  });
}

function seconds(since: number): string {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

interface CheckResult {
  title: string;
  failed: boolean;
  output: string;
}

/** Runs the checks, all at once. */
function runChecks(): Promise<CheckResult[]> {
  return Promise.all(
    CHECKS.map(async ({ title, command }) => {
      const { failed, all } = await execa("npm", ["run", "--silent", ...command], {
        cwd: REPOSITORY,
        reject: false,
        all: true,
      });
      return { title, failed, output: all };
    }),
  );
}

/** Says what became of the checks. @returns how many failed */
function reportChecks(results: readonly CheckResult[]): number {
  for (const { title, failed, output } of results) {
    console.log(failed ? `✖ ${title}\n${output}` : `✔ ${title}`);
  }
  return results.filter(({ failed }) => failed).length;
}

function runMocha(files: string[]): Promise<Count> {
  const mocha = new Mocha({ reporter: "spec", timeout: 30_000, forbidOnly: true });
  for (const file of files) mocha.addFile(path.join(REPOSITORY, file));
  return new Promise((resolve) => {
    const runner = mocha.run((failed) => {
      const { passes, pending } = runner.stats ?? { passes: 0, pending: 0 };
      resolve({ passed: passes, failed, skipped: pending });
    });
  });
}

/** The closing line is what CI reads. */
function conclude({ passed, failed, skipped }: Count): ExitCode {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed === 0 && passed > 0 ? ExitCode.Ok : ExitCode.Violation;
}
