/** One thing that the catalogue declares, beside what is there. */
export interface Row {
  /** What it is about: `Service default/my-httpbin`, `default/sleep → default/my-httpbin:80`. */
  subject: string;
  expected: string;
  found: string;
  ok: boolean;
}

/** @param found undefined where there is nothing */
export function row(subject: string, expected: string, found: string | undefined): Row {
  return { subject, expected, found: found ?? "missing", ok: found === expected };
}
