/** Findings that were there before, so that old ones don't stop new work. */
import type { Log } from "sarif";
import { readInput } from "./input/files.js";
import { clientText, type Judgement } from "./judgement.js";
import { Mistake } from "./mistake.js";
import { type Verdict, refText } from "../mesh/index.js";

/** The key of a finding's fingerprint in SARIF by which `--baseline` knows it again. */
export const OUTCOME = "istioEgress/outcome/v1";

/**
 * What makes two findings the same one, wherever their lines are: what is wrong, for whom, by which
 * rule. One that was only declared and is live now is another one.
 */
export function outcomeOf({ verdict, kind, alias, host, client, port, subset, rule }: Verdict) {
  const decided = rule ? refText(rule) : "";
  return [
    verdict,
    kind ?? "",
    refText(alias),
    host,
    clientText(client),
    port,
    subset,
    decided,
  ].join("|");
}

/**
 * The findings that a judgement had which was written with `--sarif`.
 *
 * @throws Mistake if the file is none
 */
export async function readBaseline(file: string): Promise<ReadonlySet<string>> {
  const results = (parsed(await readInput(file)) as Partial<Log> | undefined)?.runs?.[0]?.results;
  if (!Array.isArray(results)) {
    throw new Mistake(
      `${file} holds no findings to compare with; write it with istio-egress judge --sarif.`,
    );
  }
  return new Set(
    results.flatMap(({ partialFingerprints }) => partialFingerprints?.[OUTCOME] ?? []),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A judgement without the findings that a baseline has, which a note counts. */
export function sinceBaseline(judgement: Judgement, baseline: ReadonlySet<string>): Judgement {
  const isOld = (verdict: Verdict) => verdict.verdict !== "ok" && baseline.has(outcomeOf(verdict));
  const old = judgement.verdicts.filter(isOld);
  const now = new Set(old.map(outcomeOf));
  const gone = [...baseline].filter((outcome) => !now.has(outcome)).length;
  const note = `Compared with the baseline: ${counted(old.length)} there before, and left out here; ${counted(gone)} gone.`;
  return {
    ...judgement,
    verdicts: judgement.verdicts.filter((verdict) => !isOld(verdict)),
    notes: [...judgement.notes, note],
    leftOut: old.length,
  };
}

function counted(count: number): string {
  return count === 1 ? "1 finding is" : `${count} findings are`;
}
