import type { Verdict } from "./verdict.js";

/** A verdict in words for people. Every line fits 100 columns. */
export interface Explanation {
  /** One line: what is wrong (or right, or unknown), where, for whom. */
  summary: string;
  /** What to do instead; "" where nothing is to be done. */
  fix: string;
  /** What to write, where an object can be written down. */
  yaml?: string;
}

/** Says what a verdict means and what to do about it. */
export function explain(verdict: Verdict): Explanation {
  const alias = `${verdict.alias.namespace}/${verdict.alias.name}`;
  return { summary: `${alias}: ${verdict.verdict}`, fix: "" };
}
