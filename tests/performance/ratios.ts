/** What a preview of each stack takes, cold and warm, in times of the smallest one's. */
export interface Ratios {
  /** Medians, by stack. */
  stacks: Record<string, Record<Condition, number>>;
}

/** Cold: nothing of it is in the machine's file cache, as on one that was just started. */
export const CONDITIONS = ["cold", "warm"] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Seconds by stack, and of the smallest one; a turn of each after the other. */
export interface Turns {
  smallest: number[];
  stacks: Record<string, number[]>;
}

/** From which on a ratio is marked as worse than before. */
const TOLERANCE = 0.1;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The medians of the ratios of each turn, in which a machine that slows down slows both. */
export function ratiosOf(measured: Record<Condition, Turns>): Ratios {
  const ratio = (stack: string, condition: Condition) => {
    const { smallest, stacks } = measured[condition];
    const ratios = stacks[stack]!.map((seconds, turn) => seconds / smallest[turn]!);
    return Number(median(ratios).toFixed(2));
  };
  const names = Object.keys(measured.warm.stacks);
  return {
    stacks: Object.fromEntries(
      names.map((stack) => [stack, { cold: ratio(stack, "cold"), warm: ratio(stack, "warm") }]),
    ),
  };
}

/** Markdown that a terminal shows well, too: each ratio beside the one that it was before, if any. */
export function ratioTable(
  measured: Record<Condition, Turns>,
  { stacks }: Ratios,
  before: Ratios = { stacks: {} },
): string {
  const rows = Object.keys(stacks).flatMap((stack) =>
    CONDITIONS.map((condition) => {
      const now = stacks[stack]![condition];
      const was = before.stacks[stack]?.[condition];
      const seconds = measured[condition].stacks[stack]!;
      return [
        stack,
        condition,
        `${median(seconds).toFixed(2)} s (${spread(seconds)})`,
        now.toFixed(2),
        was === undefined ? "-" : was.toFixed(2),
        was === undefined ? "not measured before" : verdict(now / was - 1),
      ];
    }),
  );
  const head = ["stack", "", "preview", "ratio", "before", "change"];
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function spread(seconds: readonly number[]): string {
  return `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`;
}

function verdict(change: number): string {
  const percent = `${change > 0 ? "+" : ""}${Math.round(change * 100)} %`;
  return change > TOLERANCE ? `⚠️ ${percent}: worse by more than 10 %` : percent;
}
