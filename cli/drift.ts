import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Catalogue } from "../catalogue/catalogue.js";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { inParallel } from "./drift/in-parallel.js";
import {
  addressChange,
  addressRow,
  changedAddresses,
  type NameQuestion,
  nameQuestions,
  notComparedNote,
} from "./drift/addresses.js";
import { certificateQuestions, certificateRow } from "./drift/certificates.js";
import { shakeHands } from "./drift/handshake.js";
import { driftJson, driftMarkdown, driftTable } from "./drift/report.js";
import { type Answer, dnsResolver, resolveName } from "./drift/resolve.js";
import type { DriftReport } from "./drift/row.js";
import { withAddresses } from "./drift/write.js";
import { ExitCode, Mistake } from "./mistake.js";
import { readCatalogue, readCatalogueFiles, stackFile } from "./stack-file.js";

const FORMATS = ["table", "json", "markdown"] as const;

/** Which servers to query, and how long. */
export interface DriftOptions {
  /** Queried instead of the machine's own. */
  dnsServer?: string[];
  /** Seconds in which names whose answers rotate are queried again. */
  for: number;
  /** Days that a certificate must hold. */
  expiresWithin: number;
}

interface CommandOptions extends DriftOptions {
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

Compares Pulumi.<stack>.yaml with the world outside:
- the addresses of an alias that says what they are of (resolves: en.wikipedia.org) with what DNS
  answers for that name, IPv4 and IPv6 each where such addresses are declared; external names must
  have an address at all;
- for aliases with TLS mode SIMPLE or MUTUAL the certificate that each server shows: it must carry
  one of subjectAltNames, hold as many days as --expires-within says, and come from an authority
  that Node knows (NODE_EXTRA_CA_CERTS adds some) where the alias names none of its own.

It queries from where it runs, and starts TLS without sending a byte more. Nothing is changed, but by
--write the addresses in the file. With --for a name is queried again whenever its TTL has passed, and
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
    .addOption(new Option("--format <format>", "output format").choices(FORMATS).default("table"))
    .option("--write", "write the addresses that DNS answers into the catalogue")
    .addHelpText("after", HELP)
    .configureHelp({ helpWidth: 100 })
    .action(async (options: CommandOptions) => {
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
  ...options
}: CommandOptions): Promise<ExitCode> {
  const catalogue = readCatalogue(stack, project);
  const answers = await answersTo(nameQuestions(catalogue), options);
  const report = await driftOf(catalogue, stackFile(stack), answers, options);
  if (write) writeChanges({ stack, project }, answers, report);
  process.stdout.write(FORMATTERS[format](report));
  return exitCodeOf(report);
}

const FORMATTERS = { table: driftTable, json: driftJson, markdown: driftMarkdown };

function exitCodeOf({ rows }: DriftReport): ExitCode {
  if (rows.some(({ state }) => state === "drift")) return ExitCode.Violation;
  return rows.some(({ state }) => state === "unknown") ? ExitCode.Undecided : ExitCode.Ok;
}

/** A name, and what DNS says of it. */
export type Answered = readonly [NameQuestion, Answer];

/** Queries DNS for every name. */
export async function answersTo(
  questions: readonly NameQuestion[],
  options: DriftOptions,
): Promise<Answered[]> {
  const resolver = dnsResolver(options.dnsServer);
  const deadline = Date.now() + options.for * 1000;
  return inParallel(questions, async (question) => {
    return [
      question,
      await resolveName(resolver, question.name, question.families, deadline),
    ] as const;
  });
}

/** Everything that is compared, beside what was declared. */
export async function driftOf(
  catalogue: Catalogue,
  file: string,
  answers: readonly Answered[],
  { expiresWithin }: Pick<DriftOptions, "expiresWithin">,
): Promise<DriftReport> {
  const byIndex = new Map(answers.map(([{ index }, answer]) => [index, answer]));
  const questions = certificateQuestions(catalogue, ({ addresses }, index) => {
    const answer = byIndex.get(index);
    return addresses ?? (answer && "addresses" in answer ? answer.addresses : []);
  });
  const clock = { now: Date.now(), soon: expiresWithin };
  const certificates = await inParallel(questions, async (question) =>
    certificateRow(question, await shakeHands(question), clock),
  );
  return {
    catalogue: file,
    rows: [...answers.map(([question, answer]) => addressRow(question, answer)), ...certificates],
    notes: notComparedNote(catalogue),
  };
}

/** Puts the addresses that DNS answers into the files that they are declared in, and says so in the report. */
function writeChanges(
  { stack, project }: Pick<CommandOptions, "stack" | "project">,
  answers: readonly Answered[],
  report: DriftReport,
): void {
  const { origins } = readCatalogueFiles(stack, project);
  const changes = new Map<string | undefined, Map<number, string[]>>();
  for (const [row, [question, answer]] of answers.entries()) {
    const { declared, index } = question;
    const shown = report.rows[row]!;
    if (
      shown.state !== "drift" ||
      !declared ||
      "failure" in answer ||
      answer.addresses.length === 0
    )
      continue;
    const addresses = changedAddresses(declared, addressChange(declared, answer));
    const origin = origins[index]!;
    const inFile = changes.get(origin.file) ?? new Map<number, string[]>();
    changes.set(origin.file, inFile.set(origin.index, addresses));
    report.rows[row] = { ...shown, found: `written: ${addresses.join(", ")}`, state: "ok" };
  }
  const texts = [...changes].map(([file, inFile]) => {
    const name = file ?? stackFile(stack);
    const full = path.resolve(project, name);
    const before = readFileSync(full, "utf8");
    const listAt = file === undefined ? undefined : ["aliases"];
    return { full, before, after: withAddresses(before, name, inFile, listAt) };
  });
  for (const { full, after } of texts) writeFileSync(full, after);
  try {
    readCatalogueFiles(stack, project);
  } catch (error) {
    for (const { full, before } of texts) writeFileSync(full, before);
    // DNS may answer what no catalogue may have, such as an address inside the cluster.
    if (!(error instanceof Mistake)) throw error;
    throw new Mistake(
      `what DNS answers can't be declared, so nothing was written.\n${error.message}`,
    );
  }
}
