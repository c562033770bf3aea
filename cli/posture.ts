import { statSync } from "node:fs";
import { Command, Option } from "commander";
import { writePieces } from "./format/write.js";
import { colour } from "./format/colour.js";
import { readInput } from "./input/files.js";
import * as options from "./input/options.js";
import { Mistake } from "./mistake.js";
import { diffPostures } from "./posture/diff.js";
import { readPosture } from "./posture/json.js";
import type { Posture } from "./posture/row.js";
import { filesSeen, type StackLook, stackSeen } from "./posture/look.js";
import { postureOfSeen, type PostureOverrides, type Seen } from "./posture/seen.js";
import type { Client } from "../mesh/index.js";
import common from "../packages/common.json";

interface QuestionOptions {
  namespace?: string;
  client?: Client[];
  gateway?: Client[];
}

interface PostureOptions extends QuestionOptions, StackLook {
  file?: string[];
  stack?: string;
  format: Format;
}

const FORMATS = ["table", "markdown", "json", "sarif", "mermaid", "svg"] as const;
type Format = (typeof FORMATS)[number];
const DIFF_FORMATS = ["table", "markdown", "json"] as const;

const HELP = `
Examples:
  istio-egress posture -f examples/wildcard.yaml
  istio-egress posture --stack staging                       what it would be after \`pulumi up\`
  istio-egress posture --stack staging --deployed            what it is since the last one
  istio-egress posture --stack dev --embedded --format svg > posture.svg
  istio-egress posture diff before/ after/
  istio-egress posture diff main.json branch.json --format markdown

A row for each alias, client, port and subset:
  declared     what the rule says that stands beside the alias
  TLS          what the client's sidecar does; ? where this preview doesn't know
  verifier     who checks that the server is the one that is meant
  decided by   the rule that the sidecar follows

--stack takes the objects from \`pulumi preview\` with the policy pack, as the pack saw them, and the
mesh facts from the stack's catalogue and the pack's configuration. It works without a cluster.

Exit codes: 0 the posture was printed (whatever it is: \`judge\` and \`pr-report\` are the gates), 2 it
couldn't be.`;

const DIFF_HELP = `
BASE and HEAD are each a posture that \`posture --format json\` wrote, or a YAML file or folder.
Worst first: what becomes a violation or undecided, whose server is no longer verified, then
what is other than before, then what gets better.`;

/** `istio-egress posture`: all effective TLS of a stack or of YAML, and what a change does to it. */
export function command(): Command {
  const command = new Command("posture")
    .argument("[files...]", "the same as --file")
    .addOption(
      new Option("-f, --file <files...>", "YAML or JSON files, directories, or -").conflicts(
        "stack",
      ),
    )
    .option("-s, --stack <name>", "a stack of the Pulumi project here")
    .addOption(
      new Option(
        "--deployed",
        "the stack as its last update left it, not as a preview sees it",
      ).conflicts(["policyPack", "policyPackConfig"]),
    )
    .option("--project <folder>", "the folder of Pulumi.yaml", ".")
    .option("--policy-pack <folder>", "instead of this package's own")
    .option("--policy-pack-config <file>", "the pack's configuration")
    .option("--embedded", "the embedded engine, not the pulumi on the PATH");
  addQuestion(command)
    .addOption(format(FORMATS))
    .addHelpText("after", HELP)
    .enablePositionalOptions()
    .action(run);
  const diff = new Command("diff")
    .description("What differs from one posture to another, worst first.")
    .argument("<base>", "a posture as JSON, or a YAML file or folder")
    .argument("<head>", "the same after the change");
  addQuestion(diff).addOption(format(DIFF_FORMATS)).addHelpText("after", DIFF_HELP).action(runDiff);
  return command.addCommand(diff.configureHelp({ helpWidth: 100 }));
}

function addQuestion(command: Command): Command {
  command
    .addOption(options.namespaceOption().conflicts("stack"))
    .option("--client <ns[:k=v,...]>", "who calls, repeatable", options.client)
    .option("--gateway <ns[:k=v,...]>", "a gateway that calls, repeatable", options.gateway);
  return options.addFactOptions(command);
}

function format(choices: readonly string[]): Option {
  return new Option("--format <format>", "output format").choices(choices).default("table");
}

/** What says which stack is meant, or how it is looked at. */
const OF_STACK = ["deployed", "embedded", "project", "policyPack", "policyPackConfig"];

async function run(files: string[], given: PostureOptions, command: Command): Promise<void> {
  options.requireWith(command, "stack", OF_STACK);
  const names = [...files, ...(given.file ?? [])];
  if (given.stack !== undefined && names.length > 0) {
    throw new Mistake(`a stack or files, not both: give --stack or ${names.join(" ")}.`);
  }
  if (given.stack === undefined && names.length === 0) {
    throw new Mistake(
      "nothing to look at: give -f FILES, -f - for standard input, or --stack NAME.",
    );
  }
  const seen =
    given.stack === undefined ? await filesSeen(names, given) : await stackSeen(given.stack, given);
  await writePieces(process.stdout, await formatted(seen, questionOf(given), given.format));
}

async function runDiff(
  base: string,
  head: string,
  given: QuestionOptions & { format: (typeof DIFF_FORMATS)[number] },
): Promise<void> {
  const [before, after] = [await sidePosture(base, given), await sidePosture(head, given)];
  const changes = diffPostures(before, after);
  switch (given.format) {
    case "json":
      process.stdout.write(`${JSON.stringify(changes, undefined, 2)}\n`);
      break;
    case "markdown":
      process.stdout.write(`${(await import("./posture/markdown.js")).diffMarkdown(changes)}\n`);
      break;
    case "table":
      process.stdout.write((await import("./posture/table.js")).diffTable(changes, await colour()));
  }
}

/** One side of a comparison: a posture that was written down, or manifests. */
async function sidePosture(name: string, given: QuestionOptions): Promise<Posture> {
  if (name.endsWith(".json") && !statSync(name, { throwIfNoEntry: false })?.isDirectory()) {
    const posture = readPosture(await readInput(name), name);
    if (posture) return posture;
  }
  return postureOfSeen(await filesSeen([name], given), questionOf(given));
}

function questionOf(given: QuestionOptions): PostureOverrides {
  const clients = [...(given.client ?? []), ...(given.gateway ?? [])];
  return { facts: options.factsFrom(given), ...(clients.length > 0 && { clients }) };
}

async function formatted(
  seen: Seen,
  question: PostureOverrides,
  format: Format,
): Promise<Iterable<string>> {
  switch (format) {
    case "sarif":
      return (await import("./posture/sarif.js")).postureSarif(seen, question, common.version);
    case "json":
      return [(await import("./posture/json.js")).postureJson(postureOfSeen(seen, question))];
    case "markdown": {
      const { postureMarkdown } = await import("./posture/markdown.js");
      return [`${postureMarkdown(postureOfSeen(seen, question))}\n`];
    }
    case "mermaid": {
      const { postureMermaid } = await import("./posture/mermaid.js");
      return [`${postureMermaid(postureOfSeen(seen, question))}\n`];
    }
    case "svg":
      return [await (await import("./posture/svg.js")).postureSvg(postureOfSeen(seen, question))];
    case "table": {
      const { postureTable } = await import("./posture/table.js");
      return [postureTable(postureOfSeen(seen, question), await colour())];
    }
  }
}
