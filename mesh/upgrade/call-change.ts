import type { AliasCall } from "./calls.js";
import type { Effect } from "./effect.js";

/** What an upgrade does to one call. */
export interface CallChange {
  effect: Effect;
  /** Absent: the alias has no such port or subset under that version. */
  before?: AliasCall;
  after?: AliasCall;
  /** The first minor version that does it. */
  since: string;
  /** What Istio does otherwise, a phrase each. */
  reasons: string[];
}
