import { Command, CommanderError } from "commander";
import { WIDTH } from "./format/text.js";
import { endInOrder } from "./interruption.js";
import { ExitCode, isMistake, mistakeText } from "./mistake.js";
import type { Subcommands } from "./subcommands.js";
import { untilDone } from "./unfinished.js";
import common from "../packages/common.json";

const EXIT_CODES = `
Exit codes: 0 ok, 1 violation or reality differs, 2 bad input, 3 undecided only.
Each subcommand has its own --help.`;

/** The exit code of an internal error, so that it isn't taken for a verdict. */
const INTERNAL_ERROR = 70;

/** The command line with the one subcommand that is used, or with all of them by name only. */
async function programFor(
  name: string | undefined,
  subcommands: Subcommands,
  examples: string,
): Promise<Command> {
  const program = settled(new Command("istio-egress"))
    .description("External services under in-cluster names, with TLS that Istio really does.")
    .version(common.version, "-V, --version", "display the version")
    .addHelpText("after", examples + EXIT_CODES);
  const chosen = subcommands[name ?? ""];
  if (chosen) {
    const module = await chosen.load();
    const subcommand = settled(module.command());
    if (subcommand.description() === "") subcommand.description(`${sentence(chosen.summary)}.`);
    return program.addCommand(subcommand);
  }
  for (const [name, { summary }] of Object.entries(subcommands)) {
    program.command(name).description(summary);
  }
  return program;
}

/** What the program and each subcommand have in common. */
function settled(command: Command): Command {
  return command
    .configureHelp({ helpWidth: WIDTH })
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride();
}

function sentence(summary: string): string {
  return summary.charAt(0).toUpperCase() + summary.slice(1);
}

/** Runs the command line with these subcommands, in the order of `--help`, which shows the examples. */
export async function run(
  argv: readonly string[],
  subcommands: Subcommands,
  examples: string,
): Promise<void> {
  letPipesClose();
  // The tests take away what they have started themselves, and mocha hears of what nobody waits for.
  if (argv[2] !== "test") {
    if (!subcommands[argv[2] ?? ""]?.leavesNothing) endInOrder();
    reportUnawaited();
  }
  try {
    const program = await programFor(argv[2] === "help" ? argv[3] : argv[2], subcommands, examples);
    await untilDone(program.parseAsync(argv), INTERNAL_ERROR);
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Reports an error. @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? ExitCode.Ok : ExitCode.BadInput;
  if (isMistake(error)) {
    process.stderr.write(`istio-egress: ${mistakeText(error)}\n`);
    return ExitCode.BadInput;
  }
  console.error(error);
  console.error("\nistio-egress: this is an error in istio-egress itself; please report it.");
  return INTERNAL_ERROR;
}

/** `judge | head` closes the pipe when it has seen enough, which is no error. */
function letPipesClose(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? undefined : report(error));
  });
}

/** What nobody waits for may fail, too: where the disk is full, the end of an answer. */
function reportUnawaited(): void {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error) => process.exit(report(error)));
  }
}
