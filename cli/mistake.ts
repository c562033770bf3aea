import { Mistake } from "../local/mistake.js";

export { Mistake } from "../local/mistake.js";

/** What the machine itself refuses: a folder of another user, a full disk. Node says which file. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: "",
  EPERM: "",
  EROFS: "",
  ENOTDIR: "",
  EISDIR: "a folder is where a file must be: move it away, then type the same again. ",
  EIO: "the disk can't be read or written. ",
  EMFILE: "too many files are open (`ulimit -n`). ",
  ENFILE: "too many files are open on this machine. ",
  ENOSPC: "the disk is full: free some space, then type the same again. ",
  EDQUOT: "your part of the disk is full: free some space, then type the same again. ",
};

/** Whether an error is for the person at the keyboard, and not a fault of this program. */
export function isMistake(error: unknown): error is Error {
  if (error instanceof Mistake) return true;
  return error instanceof Error && ((error as NodeJS.ErrnoException).code ?? "") in REFUSALS;
}

/** The message for a person. */
export function mistakeText(error: Error): string {
  return `${REFUSALS[(error as NodeJS.ErrnoException).code ?? ""] ?? ""}${error.message}`;
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
