import { Command, CommanderError } from "commander";
import { WIDTH } from "./format/text.js";
import { ExitCode, isMistake } from "./mistake.js";

interface Subcommand {
  summary: string;
  /** Loads the subcommand's own file only when it is asked for: most of them bring big libraries. */
  load: () => Promise<{ command(): Command }>;
}

/** Every subcommand, in the order of `--help`: one file each, which exports `command(): Command`. */
const SUBCOMMANDS: Record<string, Subcommand> = {
  up: {
    summary: "bring up the embedded mesh with a stack in it, and verify the result",
    load: () => import("./up.js"),
  },
  down: {
    summary: "destroy the stacks of the embedded mesh, and the mesh",
    load: () => import("./down.js"),
  },
  verify: {
    summary: "ask the API server and istiod whether reality is what the catalogue declares",
    load: () => import("./verify.js"),
  },
  judge: {
    summary: "say what TLS each client will use towards each external alias, and what is wrong",
    load: () => import("./judge.js"),
  },
  posture: {
    summary: "show all effective TLS of a stack or of YAML, and what a change does to it",
    load: () => import("./posture.js"),
  },
  "pr-report": {
    summary: "preview every stack with the policy pack and write what a pull request should say",
    load: () => import("./pr-report.js"),
  },
  test: {
    summary: "run the checks, the unit tests and the tests on real parts",
    load: () => import("./test.js"),
  },
  oracle: {
    summary: "compare the model with a real istiod on random meshes",
    load: () => import("./oracle.js"),
  },
};

const EXAMPLES = `
Examples:
  istio-egress judge -f examples/task.yaml    judge plain YAML: no cluster and no Pulumi needed
  istio-egress judge --kube                   judge a live cluster, reading only
  istio-egress up                             the whole task on real parts, on this machine
  istio-egress verify --stack prod            reality against Pulumi.prod.yaml

In a clone \`istio-egress judge ...\` is \`npm run judge -- ...\`, or \`node cli/launch.mjs judge ...\`
where another program reads what is printed, because npm prints lines of its own.

Exit codes: 0 ok, 1 violation or reality differs, 2 bad input, 3 undecided only.
Each subcommand has its own --help.`;

/** What an error of ours ends with, so that nobody takes it for a verdict. */
const INTERNAL_ERROR = 70;

/** The command line with the one subcommand that was asked for, or with all of them by name only. */
async function programFor(name: string | undefined): Promise<Command> {
  const program = settled(new Command("istio-egress"))
    .description("External services under in-cluster names, with TLS that Istio really does.")
    .addHelpText("after", EXAMPLES);
  const chosen = SUBCOMMANDS[name ?? ""];
  if (chosen) {
    const module = await chosen.load();
    const subcommand = settled(module.command());
    if (subcommand.description() === "") subcommand.description(`${sentence(chosen.summary)}.`);
    return program.addCommand(subcommand);
  }
  for (const [name, { summary }] of Object.entries(SUBCOMMANDS)) {
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

async function run(argv: readonly string[]): Promise<void> {
  try {
    const program = await programFor(argv[2] === "help" ? argv[3] : argv[2]);
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Tells what went wrong, and with what to end. */
function report(error: unknown): number {
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? ExitCode.Ok : ExitCode.BadInput;
  if (isMistake(error)) {
    process.stderr.write(`istio-egress: ${error.message}\n`);
    return ExitCode.BadInput;
  }
  console.error(error);
  console.error("\nistio-egress: this is an error in istio-egress itself; please report it.");
  return INTERNAL_ERROR;
}

// `judge | head` closes the pipe when it has seen enough, which is no error of anybody's.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

void run(process.argv);
