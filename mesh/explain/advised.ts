import type { Labels, Plain } from "../input/plain.js";
import type { Path } from "../input/unknowns.js";
import type { ServicePort } from "../registry/service.js";
import type { RuleLevel } from "../rules/traffic-policy.js";

/** The spec of a rule as it is to be, and where in it the `tls` blocks stand that are new. */
export interface RuleSpec {
  spec: Plain;
  places: readonly Path[];
}

/** What becomes of Istio's mutual TLS: plaintext, or what automatic mutual TLS does of itself. */
export type Remedy = "DISABLE" | "AUTO";

/** What to write against a violation, before it is YAML. */
export interface Advice {
  /** What becomes of Istio's mutual TLS; absent: whatever is written would harm some client. */
  remedy?: Remedy;
  /** The rule to change or to add for the host that the violation is about. */
  rule: RuleAdvice;
  /** An ExternalName's target, whose rule is what calls follow. */
  target?: { host: string; entry?: EntryAdvice; rule?: RuleAdvice };
}

export interface RuleAdvice {
  /** The spec to write; absent where an existing one isn't known. */
  advised?: RuleSpec;
  /** Labels of an existing rule, which it keeps: one may say whose revision it is for. */
  labels?: Labels;
  name: string;
  namespace: string;
  host: string;
  /** An existing rule is changed where it says the wrong thing; a new one speaks for the whole host. */
  isChange: boolean;
  /** What an existing rule says wrong, and for which port and subset. */
  level: RuleLevel;
  port: number;
  subset: string;
  /** Who sees a new rule. @default everyone */
  exportTo?: readonly string[];
}

export interface EntryAdvice {
  namespace: string;
  host: string;
  ports: readonly ServicePort[];
}
