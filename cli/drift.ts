import { Command, InvalidArgumentError, Option } from "commander";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { nameQuestions } from "./drift/addresses.js";
import { answersTo, type DriftOptions, driftOf, exitCodeOf, writeChanges } from "./drift/drift.js";
import { podContainer, shakeHandsIn } from "./drift/from-pod.js";
import { shakeHands } from "./drift/handshake.js";
import { driftJson, driftMarkdown, driftTable } from "./drift/report.js";
import { requireWith } from "./input/options.js";
import { ApiServer, type ClusterChoice } from "./kube/api-server.js";
import type { Container } from "./kube/exec.js";
import type { ExitCode } from "./mistake.js";
import { readCatalogue, stackFile } from "./stack-file.js";

const FORMATS = ["table", "json", "markdown"] as const;

interface CommandOptions extends DriftOptions, ClusterChoice {
  fromPod?: Container;
  stack: string;
  project: string;
  format: (typeof FORMATS)[number];
  write?: boolean;
}

const HELP = `
Examples:
  istio-egress drift --stack prod
  istio-egress drift --stack prod --for 300         names whose answers rotate
  istio-egress drift --stack prod --write           and update the catalogue
  istio-egress drift --dns-server 192.0.2.53 --format json
  istio-egress drift --stack prod --from-pod shop/web-0/app --context prod-eu

Compares Pulumi.<stack>.yaml with the world outside:
- the addresses of an alias that says what they are of (resolves: en.wikipedia.org) with what DNS
  answers for that name, IPv4 and IPv6 each where such addresses are declared; external names must
  have an address at all;
- for aliases with TLS mode SIMPLE or MUTUAL the certificate that each server shows: it must carry
  one of subjectAltNames, hold as many days as --expires-within says, and come from an authority
  that Node knows (NODE_EXTRA_CA_CERTS adds some) where the alias names none of its own.

It queries from where it runs, and starts TLS without sending a byte more. With --from-pod the
container named starts TLS: curl in it makes a HEAD request. That takes the right to create and get
pods/exec of this Pod alone, and a curl of 7.88 or newer there. Nothing is changed, but by --write
the addresses in the file. With --for a name is queried again whenever its TTL has passed, and
all its answers count.

Exit codes: 0 as declared (or written), 1 something differs, 2 bad input, 3 no answer to some of it
and nothing that differs.`;

/** `istio-egress drift`: whether the world outside is as the catalogue declares. */
export function command(): Command {
  return new Command("drift")
    .option("-s, --stack <name>", "the stack, so the catalogue in Pulumi.<name>.yaml", "dev")
    .option("--project <folder>", "the folder of that file", REPOSITORY)
    .option("--dns-server <address...>", "queried instead of the machine's own, in this order")
    .option("--for <seconds>", "how long to query names again whose answers may rotate", number, 0)
    .option("--expires-within <days>", "how soon a certificate's end is too soon", number, 14)
    .option("--from-pod <ns/pod/container>", "start TLS from there, by pods/exec", podContainer)
    .option("--kubeconfig <file>", "for --from-pod; as kubectl finds it by default")
    .option("--context <name>", "for --from-pod; the kubeconfig's current one by default")
    .addOption(new Option("--format <format>", "output format").choices(FORMATS).default("table"))
    .option("--write", "write the addresses that DNS answers into the catalogue")
    .addHelpText("after", HELP)
    .configureHelp({ helpWidth: 100 })
    .action(async (options: CommandOptions, command: Command) => {
      requireWith(command, "fromPod", ["kubeconfig", "context"]);
      process.exitCode = await run(options);
    });
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Write a number, such as 14.");
}

async function run({
  stack,
  project,
  format,
  write,
  fromPod,
  ...options
}: CommandOptions): Promise<ExitCode> {
  const shake = fromPod ? shakeHandsIn(await ApiServer.from(options), fromPod) : shakeHands;
  const catalogue = readCatalogue(stack, project);
  const answers = await answersTo(nameQuestions(catalogue), options);
  const report = await driftOf(catalogue, stackFile(stack), answers, options, shake);
  if (write) writeChanges({ stack, project }, answers, report);
  process.stdout.write(FORMATTERS[format](report));
  return exitCodeOf(report);
}

const FORMATTERS = { table: driftTable, json: driftJson, markdown: driftMarkdown };
