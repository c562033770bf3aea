/** Random cases are tried this many times as often in all tests as in the unit tests alone. */
const FACTOR = Number(process.env.PROPERTY_RUNS ?? 1);

/**
 * How often to try a property.
 *
 * @param few times among the unit tests, which nobody should wait for; the environment variable
 *   `PROPERTY_RUNS` says how many times as often elsewhere
 */
export function runs(few: number): number {
  return few * FACTOR;
}
