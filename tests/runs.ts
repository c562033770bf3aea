/** Random cases are tried this many times as often as a run that nobody should wait for affords. */
const FACTOR = Number(process.env.PROPERTY_RUNS ?? 1);

/**
 * How often to try a property.
 *
 * @param few times by default; the environment variable `PROPERTY_RUNS` multiplies them
 */
export function runs(few: number): number {
  return few * FACTOR;
}
