import type { Part } from "./parts.js";

/** How far a build is and how long it may still take, judged by what its parts are known to cost. */
export class Estimate {
  private readonly started = Date.now();
  private readonly done = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private show: ((title: string) => void) | undefined;

  constructor(private readonly parts: readonly Part[]) {}

  finish(part: Part): void {
    this.done.add(part.name);
    this.show?.(this.title());
  }

  /** One line: parts done, time used, time left. */
  title(now = Date.now()): string {
    const elapsed = (now - this.started) / 1000;
    const total = sum(this.parts);
    const done = sum(this.parts.filter((part) => this.done.has(part.name)));
    // Two parts are in work at a time: until one is finished only the table's figures are known.
    const pace = done > 0 ? Math.max(elapsed / done, 0.5) : 1;
    const left = Math.max(total * pace - elapsed, 30);
    if (this.done.size === this.parts.length) {
      return `Build ${this.parts.length} tools: all done in ${minutes(elapsed)}`;
    }
    return (
      `Build ${this.parts.length} tools: ${this.done.size} done, ${minutes(elapsed)} so far, ` +
      `about ${minutes(left)} left`
    );
  }

  /** Shows the line anew: every 5 s on a terminal, every 30 s in a log. */
  follow(show: (title: string) => void): void {
    this.show = show;
    this.timer = setInterval(
      () => {
        if (process.stderr.isTTY) show(this.title());
        else console.error(this.title());
      },
      process.stderr.isTTY ? 5_000 : 30_000,
    );
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

function sum(parts: readonly Part[]): number {
  return parts.reduce((seconds, part) => seconds + part.seconds, 0);
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
