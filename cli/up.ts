import { Command } from "commander";
import { execa } from "execa";
import { type Engine, pulumi$ } from "../local/engine.js";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { openEmbedded, openEmbeddedStack } from "./embedded.js";
import { ExitCode, Mistake } from "./mistake.js";
import { readCatalogue } from "./stack-file.js";

/** The folder of the policy pack, as `--policy-pack` takes it. */
export const POLICY_PACK = "policies";

/** `istio-egress up`: the embedded mesh, the stack in it, and proof that reality is as declared. */
export function command(): Command {
  return new Command("up")
    .option("-s, --stack <name>", "the stack, so the catalogue in Pulumi.<name>.yaml", "dev")
    .addHelpText(
      "after",
      `
Brings up the embedded mesh, runs \`pulumi up\` in it with the policy pack, and verifies the result.
On a cluster of your own no such help is needed:  pulumi up -s <stack> --policy-pack policies`,
    )
    .action(async ({ stack }: { stack: string }) => {
      process.exitCode = await up(stack);
    });
}

async function up(stack: string): Promise<ExitCode> {
  const started = Date.now();
  // A mistake in the catalogue is told before anything is started.
  readCatalogue(stack);
  const { plane, engine } = await openEmbedded((line) => console.error(line));
  await buildPolicyPack();
  if (!(await pulumiUp(engine, stack))) return ExitCode.Violation;
  const { verify } = await import("./verify.js");
  const code = await verify({ stack, plane });
  console.log(
    `\nUp in ${((Date.now() - started) / 1000).toFixed(0)} s. Look around with\n` +
      `  export KUBECONFIG=${plane.kubeconfig}\n` +
      "and take it all down with  npm run down",
  );
  return code;
}

/** Bundles the policy pack: what is enforced is what the sources say now. */
export async function buildPolicyPack(): Promise<void> {
  const result = await execa(process.execPath, ["policies/build.mjs"], {
    cwd: REPOSITORY,
    reject: false,
    all: true,
  });
  if (result.failed) throw new Mistake(`the policy pack can't be built:\n${result.all}`);
}

/**
 * `pulumi up` previews first, and a mandatory policy that is violated in the preview ends it there:
 * nothing has been changed then.
 */
async function pulumiUp(engine: Engine, stack: string): Promise<boolean> {
  const config = await openEmbeddedStack(engine, stack);
  const result = await pulumi$(
    engine,
    [
      "up",
      "--yes",
      "-s",
      stack,
      "--config-file",
      config,
      "--policy-pack",
      POLICY_PACK,
      "--suppress-progress",
      // Commands for Pods that only a cluster with real nodes could run.
      "--suppress-outputs",
    ],
    { cwd: REPOSITORY, stdio: "inherit", reject: false },
  );
  return !result.failed;
}
