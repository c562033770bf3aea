/** One thing that the catalogue says of the world outside, beside what is there. */
export interface DriftRow {
  /** `default/my-wikipedia`, and for a certificate `default/my-wikipedia at 198.35.26.96:443`. */
  subject: string;
  about: "addresses" | "certificate";
  declared: string;
  /** In words; of `ok`, too. */
  found: string;
  /** `unknown` where nobody answered: neither shown to be right nor wrong. */
  state: "ok" | "drift" | "unknown";
}

/** All of a stack's, and what else is to be known. */
export interface DriftReport {
  /** Where the catalogue is. */
  catalogue: string;
  rows: DriftRow[];
  /** A sentence each: what wasn't compared, and why. */
  notes: string[];
}
