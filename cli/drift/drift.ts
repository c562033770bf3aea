/** Whether the world outside is as a catalogue declares. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Catalogue } from "../../catalogue/catalogue.js";
import { ExitCode, Mistake } from "../mistake.js";
import { readCatalogueFiles, stackFile } from "../stack-file.js";
import {
  addressChange,
  addressRow,
  changedAddresses,
  type NameQuestion,
  notComparedNote,
} from "./addresses.js";
import { certificateQuestions, certificateRow } from "./certificates.js";
import { type Handshake, type ServerAddress, shakeHands } from "./handshake.js";
import { inParallel } from "./in-parallel.js";
import { type Answer, dnsResolver, resolveName } from "./resolve.js";
import type { DriftReport } from "./row.js";
import { withAddresses, writeTogether } from "./write.js";

/** Which servers to query, and how long. */
export interface DriftOptions {
  /** Queried instead of the machine's own. */
  dnsServer?: string[];
  /** Seconds in which names whose answers rotate are queried again. */
  for: number;
  /** Days that a certificate must hold. */
  expiresWithin: number;
}

/** How a comparison ends: a difference counts before what has no answer. */
export function exitCodeOf({ rows }: DriftReport): ExitCode {
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

/**
 * Everything that is compared, beside what was declared.
 *
 * @param shake starts TLS with a server
 */
export async function driftOf(
  catalogue: Catalogue,
  file: string,
  answers: readonly Answered[],
  { expiresWithin }: Pick<DriftOptions, "expiresWithin">,
  shake: (server: ServerAddress) => Promise<Handshake> = shakeHands,
): Promise<DriftReport> {
  const byIndex = new Map(answers.map(([{ index }, answer]) => [index, answer]));
  const questions = certificateQuestions(catalogue, ({ addresses }, index) => {
    const answer = byIndex.get(index);
    return addresses ?? (answer && "addresses" in answer ? answer.addresses : []);
  });
  const clock = { now: Date.now(), soon: expiresWithin };
  const certificates = await inParallel(questions, async (question) =>
    certificateRow(question, await shake(question), clock),
  );
  return {
    catalogue: file,
    rows: [...answers.map(([question, answer]) => addressRow(question, answer)), ...certificates],
    notes: notComparedNote(catalogue),
  };
}

/** Puts the addresses that DNS answers into the files that they are declared in, and says so in the report. */
export function writeChanges(
  { stack, project }: { stack: string; project: string },
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
  writeTogether(texts.map(({ full, after }) => [full, after]));
  try {
    readCatalogueFiles(stack, project);
  } catch (error) {
    writeTogether(texts.map(({ full, before }) => [full, before]));
    // DNS may answer what no catalogue may have, such as an address inside the cluster.
    if (!(error instanceof Mistake)) throw error;
    throw new Mistake(
      `what DNS answers can't be declared, so nothing was written.\n${error.message}`,
    );
  }
}
