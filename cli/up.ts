import { Command, Option } from "commander";
import {
  type EmbeddedIstio,
  ISTIO_VERSION,
  OLDER_ISTIO_VERSIONS,
} from "../local/toolchain/parts.js";
import { alone, openEmbedded, openEmbeddedStack, report } from "./embedded.js";
import { ExitCode, Mistake } from "./mistake.js";
import { POLICY_PACK, buildPolicyPack } from "./policy-pack.js";
import { shellWord } from "../stack/commands.js";
import { readEmbeddedCatalogue, requireRoom } from "./stack-file.js";
import { errorsIn, policyReportsIn } from "./stack/events.js";
import { refuseOthersObjects } from "./stack/other-stacks.js";
import { previewFirst } from "./stack/first-preview.js";
import { ENGINE_STATE } from "./state.js";
import { recover, update, type UpdateEnding, updateWhereChanged } from "./stack/update.js";

/** `istio-egress up`: the embedded mesh, the stack in it, and proof that reality is as declared. */
export function command(): Command {
  return new Command("up")
    .option("-s, --stack <name>", "the stack, so the catalogue in Pulumi.<name>.yaml", "dev")
    .addOption(
      new Option("--istio <version>", "the release of Istio that the mesh runs")
        .choices([...OLDER_ISTIO_VERSIONS, ISTIO_VERSION])
        .default(ISTIO_VERSION),
    )
    .addHelpText(
      "after",
      `
Brings up the embedded mesh, runs \`pulumi up\` in it with the policy pack, and verifies the result.
An istiod of an older release is built when it is named for the first time. The stack's catalogue
has that release as mesh.istioVersion then.
On a cluster of your own no such help is needed:  pulumi up -s <stack> --policy-pack policies`,
    )
    .action(async ({ stack, istio }: { stack: string; istio: EmbeddedIstio }) => {
      // A mistake in the catalogue is reported before anything is started.
      readEmbeddedCatalogue(stack, istio);
      requireRoom(stack);
      process.exitCode = await alone(() => up(stack, istio));
    });
}

const ARGS = [
  ...["--policy-pack", POLICY_PACK, "--suppress-progress"],
  // Commands for Pods that only a cluster with real nodes could run.
  "--suppress-outputs",
];

async function up(stack: string, istio: EmbeddedIstio): Promise<ExitCode> {
  const started = Date.now();
  const pack = buildPolicyPack();
  // Its failure is heard of when the mesh is up.
  pack.catch(() => {});
  let isPreviewed = false;
  const { plane, engine } = await openEmbedded(istio, async (engine) => {
    const open = () => openEmbeddedStack(engine, stack, istio);
    isPreviewed = await previewFirst(engine, { stack, open, pack, args: ARGS });
  });
  await pack;
  const on = { engine, stack, config: await openEmbeddedStack(engine, stack, istio) };
  await recover(on, report);
  await refuseOthersObjects(on);
  // To load it takes the processor's time that the engine doesn't need while it starts and waits.
  const verification = import("./verify/verify.js");
  // Else it previews first, and a mandatory policy that is violated in the preview ends it there: nothing
  // has been changed then.
  const ending = await (isPreviewed
    ? update(on, "up", [...ARGS, "--skip-preview"])
    : updateWhereChanged(on, ARGS));
  if (ending.failed) return failure(stack, ending);
  const { verify } = await verification;
  const code = await verify({ stack, plane });
  console.log(
    `\nUp in ${((Date.now() - started) / 1000).toFixed(0)} s. Look around with\n` +
      `  export KUBECONFIG=${shellWord(plane.kubeconfig)}\n` +
      "and take it all down with  npm run down",
  );
  return code;
}

/** @throws {Mistake} unless the policy pack has refused the stack */
function failure(stack: string, { events }: UpdateEnding): ExitCode {
  if (policyReportsIn(events).some(({ isMandatory }) => isMandatory)) return ExitCode.Violation;
  if (errorsIn(events).some((error) => error.includes("no space left on device"))) {
    throw new Mistake(
      `the disk that holds ${ENGINE_STATE} is full: free some space, then type the same again.`,
    );
  }
  throw new Mistake(
    `stack ${stack} isn't up: what pulumi says of it is above. What was made is kept, and the same ` +
      "command again goes on from there.",
  );
}
