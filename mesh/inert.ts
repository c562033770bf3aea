import type { ObjectRef } from "./objects.js";
import type { Client } from "./verdict.js";

/** A rule that no client will ever follow. */
export interface InertRule {
  rule: ObjectRef;
  /** The host as it was written. */
  host: string;
  reason: "external-name" | "dead-host" | "wrong-namespace" | "shadowed" | "no-such-port";
  alias?: ObjectRef;
  by?: ObjectRef;
  /** What works instead, in words. */
  instead: string;
}

/** A rule that means PLAIN or SIMPLE for an alias and that another rule hides for a client. */
export interface ShadowedRule {
  rule: ObjectRef;
  by: ObjectRef;
  alias: ObjectRef;
  host: string;
  client: Client;
}
