const PATIENCE_MS = 2_000;
const TERMINAL_PAUSE_MS = 100;
const LOG_PAUSE_MS = 10_000;

/**
 * Says on standard error what takes long, from two seconds on: one line that changes on a
 * terminal, a line now and then in a log.
 */
export class Progress {
  private next = Date.now() + PATIENCE_MS;
  private isShown = false;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  /** @param doing what is going on, made only if it is shown */
  report(doing: () => string): void {
    const now = Date.now();
    if (now < this.next) return;
    this.next = now + (this.stream.isTTY ? TERMINAL_PAUSE_MS : LOG_PAUSE_MS);
    this.stream.write(this.stream.isTTY ? `\r\x1b[K${doing()}` : `${doing()}\n`);
    this.isShown = this.stream.isTTY;
  }

  /** Takes the line away. */
  done(): void {
    if (this.isShown) this.stream.write("\r\x1b[K");
    this.isShown = false;
  }
}
