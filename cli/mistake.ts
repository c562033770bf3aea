/**
 * Something the person at the keyboard can put right: a wrong option, a file that can't be read, a
 * cluster that doesn't answer. It is printed as it is, without a stack trace, and the command ends
 * with {@link ExitCode.BadInput}. The message says what is wrong, where, and what to do instead.
 */
export class Mistake extends Error {}

/** How every subcommand ends. */
export enum ExitCode {
  Ok = 0,
  /** A violation (`judge`), or reality differs from the catalogue (`verify`). */
  Violation = 1,
  /** Wrong options, unreadable input, an unreachable cluster. */
  BadInput = 2,
  /** No violation, but something couldn't be decided from what was given. */
  Undecided = 3,
}
