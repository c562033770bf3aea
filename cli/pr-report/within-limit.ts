/** How much of everything a comment may hold. */
export interface Budget {
  /** Of each list. */
  items: number;
  /** Of each text of others. */
  characters: number;
}

/** From all there is down to one of everything. */
const BUDGETS: readonly Budget[] = [
  { items: Infinity, characters: Infinity },
  { items: 100, characters: 4_000 },
  { items: 30, characters: 2_000 },
  { items: 10, characters: 1_000 },
  { items: 3, characters: 500 },
  { items: 1, characters: 250 },
];

const CUT = "\n\n… The rest didn't fit into a comment; `istio-egress pr-report` writes it all.";

/**
 * The fullest text that isn't longer than a limit. What is left out is said in its place; if
 * even the tersest is too long, its end is cut off, and that is said too.
 *
 * @param limit in characters
 */
export function withinLimit(limit: number, render: (budget: Budget) => string): string {
  let text = "";
  for (const budget of BUDGETS) {
    text = render(budget);
    if (text.length <= limit) return text;
  }
  // At the start of a section nothing is left open: no table, no fence, no fold.
  const sections = text.split(/^(?=### )/m);
  let kept = sections.shift() ?? "";
  for (const section of sections) {
    if (kept.length + section.length + CUT.length > limit) break;
    kept += section;
  }
  return kept.trimEnd().slice(0, limit - CUT.length) + CUT;
}
