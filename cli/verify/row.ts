/** One thing that the catalogue declares, beside what is there. */
export interface Row {
  /** What it is about: `Service default/my-httpbin`, `default/sleep → default/my-httpbin:80`. */
  subject: string;
  expected: string;
  found: string;
  ok: boolean;
  /**
   * Why it is neither shown to be right nor wrong: `network`, where a call that failed says nothing
   * about the mesh (`ok` is false), or `not called`, where nothing is promised (`ok` is true).
   */
  state?: "network" | "not called";
}

/** @param found undefined where there is nothing */
export function row(subject: string, expected: string, found: string | undefined): Row {
  return { subject, expected, found: found ?? "missing", ok: found === expected };
}
