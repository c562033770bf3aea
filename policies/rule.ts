import type { Policy } from "@pulumi/policy";
import { NEWEST_VERSION } from "../mesh/index.js";
import type { Judgement } from "./judgement.js";
import type { ResolvedSettings } from "./settings.js";
import type { StackObject } from "./stack-object.js";
import type { Waivable } from "./waivers.js";

/** What every rule says about itself. docs/rules is made from it. */
export type RuleMetadata = Required<
  Pick<
    Policy,
    | "name"
    | "displayName"
    | "description"
    | "enforcementLevel"
    | "severity"
    | "framework"
    | "tags"
    | "remediationSteps"
    | "url"
  >
>;

/** One rule of the pack: data and pure functions; pack.ts makes a policy of it. */
export interface PolicyRule {
  metadata: RuleMetadata;
  /** Why it exists, in a paragraph or two. */
  why: string;
  /**
   * YAML of what the rule reports and of the same as it should be. Both are run as tests. Absent
   * where the rule isn't about objects.
   */
  example?: { reported: string; silent: string };
  /** Judges one object by itself, before anything is created. */
  checkObject?: ObjectCheck;
  /** Judges what the stack has in one cluster, once all of it is declared. */
  checkStack?: StackCheck;
  /** What to write into an object instead, where the rule's level is `remediate`. */
  remedies?: (seen: StackObject, circumstances: Circumstances) => Remedy[];
  /** Judges the settings themselves. */
  checkSettings?: (circumstances: Circumstances) => Finding[];
}

/** What a check reads besides the objects. */
export interface Circumstances {
  settings: ResolvedSettings;
  now: Date;
  /** Whether someone answers for a violation. */
  isWaived: (violation: Waivable) => boolean;
}

/** @see Rule.checkObject */
export type ObjectCheck = (seen: StackObject, circumstances: Circumstances) => Finding[];

/** @see Rule.checkStack */
export type StackCheck = (judgement: Judgement, circumstances: Circumstances) => Finding[];

/** Something that a rule reports. */
export interface Finding {
  /** For people: lines that fit 100 columns once the CLI has indented them. */
  message: string;
  /** The resource to show it at. @default the object's own, or the stack */
  urn?: string;
  /** What a waiver can name it by. */
  about?: Omit<Waivable, "policy">;
}

/** A value to set in a resource's properties. */
export interface Remedy {
  /** The way to what holds the field, from the properties down. */
  holder: readonly (string | number)[];
  field: string;
  value: unknown;
}

/** The framework that the rules belong to, with the section that says so. */
export function framework(specification: string): NonNullable<Policy["framework"]> {
  return {
    name: "Istio: Kubernetes Services for Egress Traffic",
    version: NEWEST_VERSION,
    reference: ISTIO_TASK,
    specification,
  };
}

const ISTIO_DOCS = "https://istio.io/latest/docs";

/** The task that the project implements. */
export const ISTIO_TASK = `${ISTIO_DOCS}/tasks/traffic-management/egress/egress-kubernetes-services/`;

/** The reference of the fields that most rules are about. */
export const ISTIO_DESTINATION_RULE = `${ISTIO_DOCS}/reference/config/networking/destination-rule/`;

/** How a port's protocol is chosen. */
export const ISTIO_PROTOCOL_SELECTION = `${ISTIO_DOCS}/ops/configuration/traffic-management/protocol-selection/`;

/** How TLS is originated towards outside services. */
export const ISTIO_TLS_ORIGINATION = `${ISTIO_DOCS}/tasks/traffic-management/egress/egress-tls-origination/`;

/** How pods get their sidecars. */
export const ISTIO_INJECTION = `${ISTIO_DOCS}/setup/additional-setup/sidecar-injection/`;
