import { Mistake } from "../local/mistake.js";

export { Mistake } from "../local/mistake.js";

/** What the machine itself refuses: a folder that isn't ours, a full disk. Node says which file. */
const REFUSALS = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR"]);

/** Whether an error is for the person at the keyboard, and not a fault of this program. */
export function isMistake(error: unknown): error is Error {
  if (error instanceof Mistake) return true;
  return error instanceof Error && REFUSALS.has((error as NodeJS.ErrnoException).code ?? "");
}

/** How every subcommand ends. */
export enum ExitCode {
  Ok = 0,
  /** A violation (`judge`), or reality differs from the catalogue (`verify`). */
  Violation = 1,
  /** A {@link Mistake}: wrong options, unreadable input, an unreachable cluster, a missing tool. */
  BadInput = 2,
  /** No violation, but something couldn't be decided from what was given. */
  Undecided = 3,
}
