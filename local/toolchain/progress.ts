import type { Package } from "./portions.js";
import type { ToolPart } from "./parts.js";

/**
 * How far a build is and how long it may still take, judged by how much source has been compiled.
 * Packages that an earlier, interrupted build left compiled count when their module is finished.
 */
export class Progress {
  private started = Date.now();
  private readonly expected = new Map<string, readonly Package[]>();
  /** How much source the finished modules have, and what is compiled of the one in work. */
  private finished = 0;
  private compiling = 0;
  private tools = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param total how many tools are built */
  constructor(private readonly total: number) {}

  /** Says what a module's parts are made of. */
  expect(parts: readonly ToolPart[], packages: readonly Package[]): void {
    this.expected.set(parts[0]!.module, packages);
  }

  packages(parts: readonly ToolPart[]): readonly Package[] {
    return this.expected.get(parts[0]!.module) ?? [];
  }

  compiled(one: Package): void {
    this.compiling += one.size;
  }

  finish(parts: readonly ToolPart[]): void {
    this.finished += size(this.packages(parts));
    this.compiling = 0;
    this.tools += parts.length;
  }

  /** One line: how much is done, time used, time left. */
  title(now = Date.now()): string {
    const elapsed = (now - this.started) / 1000;
    if (this.tools === this.total)
      return `Build ${this.total} tools: all done in ${minutes(elapsed)}`;
    const share = (this.finished + this.compiling) / size([...this.expected.values()].flat());
    // Nothing follows from the pace of the first few packages.
    const left = share < 0.03 ? "" : `, about ${minutes((elapsed * (1 - share)) / share)} left`;
    return `Build ${this.total} tools: ${Math.floor(share * 100)} %, ${minutes(elapsed)} so far${left}`;
  }

  /** Updates the line: every 5 s on a terminal, every 30 s in a log. */
  follow(show: (title: string) => void): void {
    this.started = Date.now();
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

function size(packages: readonly Package[]): number {
  return packages.reduce((sum, one) => sum + one.size, 0);
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
