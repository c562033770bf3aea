/** When and how commands are killed: spread over their time, their processes and the signals. */
import type { Victims } from "./processes.js";

/** What is going on when it happens. */
export type Phase = "first up" | "change" | "down";

export interface Point {
  phase: Phase;
  signal: NodeJS.Signals;
  victims: Victims;
  /** Of the time that the command takes when it is left alone; from 0 to 1. */
  at: number;
}

const PHASES: readonly Phase[] = ["first up", "change", "down"];

const WAYS: readonly Pick<Point, "signal" | "victims">[] = [
  { signal: "SIGKILL", victims: "tree" },
  { signal: "SIGKILL", victims: "cli" },
  { signal: "SIGTERM", victims: "first" },
  { signal: "SIGKILL", victims: "group" },
  { signal: "SIGTERM", victims: "cli" },
  { signal: "SIGINT", victims: "group" },
  { signal: "SIGKILL", victims: "first" },
  { signal: "SIGTERM", victims: "tree" },
  { signal: "SIGINT", victims: "tree" },
  { signal: "SIGTERM", victims: "group" },
  { signal: "SIGINT", victims: "cli" },
];

/** As many as are asked for: the phases take turns, and so do the ways and the times of each. */
export function points(count: number): Point[] {
  return Array.from({ length: count }, (_, i) => ({
    phase: PHASES[i % PHASES.length]!,
    ...WAYS[i % WAYS.length]!,
    at: 0.06 + 0.88 * spread(Math.floor(i / PHASES.length) + 1),
  }));
}

/** The sequence 1/2, 1/4, 3/4, 1/8, 5/8, ...: however far it goes, it leaves no gap. */
function spread(index: number): number {
  let [value, step] = [0, 0.5];
  for (let left = index; left > 0; left = Math.floor(left / 2), step /= 2) {
    if (left % 2 === 1) value += step;
  }
  return value;
}
