/**
 * Waits for work that decides the exit code. Node ends with exit code 0 when nothing is left that could happen, whether or not
 * somebody still waits for an answer. That isn't a success, so it is reported and has an exit code of its own.
 *
 * @param code the exit code of work that never ends
 * @throws what the work throws
 * @example await untilDone(program.parseAsync(argv), 70)
 */
export async function untilDone<T>(work: Promise<T>, code: number): Promise<T> {
  const report = () => {
    process.exitCode = code;
    console.error(
      "istio-egress: the command ended before it was done, because an answer that it waits for never came.\n" +
        "Nothing is known about what it would have said. Run it again, and please report it.",
    );
  };
  process.once("beforeExit", report);
  try {
    return await work;
  } finally {
    process.off("beforeExit", report);
  }
}
