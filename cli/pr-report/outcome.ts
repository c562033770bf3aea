import { diffPostures, type PostureChange } from "../posture/diff.js";
import type { Posture } from "../posture/row.js";
import {
  changesIn,
  clusterAnswered,
  errorsIn,
  hasJudged,
  type PolicyReport,
  policyReportsIn,
  type ResourceChange,
} from "../stack/events.js";
import type { Grounds } from "../../policies/grounds.js";
import { rules } from "../../policies/rules/index.js";
import { PACK_NAME, type Preview } from "../stack/preview.js";
import { ExitCode } from "../mistake.js";
import { exitCodeOf, type Upgrade } from "../upgrade/report.js";

/** Everything that a report says about one stack. */
export interface StackOutcome {
  stack: string;
  result: Result;
  changes: ResourceChange[];
  violations: PolicyReport[];
  undecided: PolicyReport[];
  /** Other things that policies had to say. */
  advice: PolicyReport[];
  /** Why there is no answer, or not a whole one. */
  errors: string[];
  /** What the preview couldn't know, a sentence each. */
  limits: string[];
  /** What the answer rests on besides the stack: waivers, and rules that were switched off, a phrase each. */
  restsOn: string[];
  /** What it would be; absent where the preview ended before all of it was known. */
  posture?: Posture;
  /** What the change does to it, worst first; absent where one of the two isn't known. */
  postureChanges?: PostureChange[];
  /** What becomes of the stack's calls as istiod goes to another version; present where the change names one. */
  upgrade?: Upgrade;
}

/**
 * How a preview ended.
 * - `breaking`: no policy is violated, but calls break as istiod goes to the version that the change names.
 * - `failed`: nobody knows what the change would do: a broken program, an unreachable backend, a
 *   pack that didn't judge.
 */
export type Result = "ok" | "violation" | "breaking" | "failed" | "undecided";

/** The policy that says what couldn't be judged. */
const UNDECIDED_POLICY = "egress-undecided-tls";

/** What a preview comes to, in the engine's own events. */
export function outcomeOf(
  stack: string,
  { exitCode, output, events, grounds }: Preview,
  head: Posture | undefined,
  base: Posture | undefined,
): StackOutcome {
  const reports = policyReportsIn(events);
  const violations = reports.filter(({ isMandatory }) => isMandatory);
  const others = reports.filter(({ isMandatory }) => !isMandatory);
  const undecided = others.filter(({ policy }) => policy === UNDECIDED_POLICY);
  const errors = errorsIn(events);
  if (exitCode !== 0 && violations.length === 0 && errors.length === 0) errors.push(output);
  if (exitCode === 0 && !(hasJudged(PACK_NAME, events) && head)) errors.push(NOT_JUDGED);
  return {
    stack,
    result: resultOf(violations, errors, undecided),
    changes: changesIn(events),
    violations,
    undecided,
    advice: others.filter((report) => !undecided.includes(report)),
    errors,
    limits: limitsOf(events, head),
    restsOn: grounds ? [...weakened(grounds), ...grounds.waivers.map(uncapitalized)] : [],
    ...(head && { posture: head }),
    ...(head && base && { postureChanges: diffPostures(base, head) }),
  };
}

/** The report of a stack that couldn't even be previewed. */
export function failedOutcome(stack: string, error: string): StackOutcome {
  const nothing = { changes: [], violations: [], undecided: [], advice: [] };
  return { stack, result: "failed", errors: [error], ...nothing, limits: [], restsOn: [] };
}

/** The outcome of a stack whose change names another version of Istio, with what that does to its calls. */
export function withUpgrade(outcome: StackOutcome, upgrade: Upgrade): StackOutcome {
  const code = exitCodeOf(upgrade);
  const isPassing = outcome.result === "ok" || outcome.result === "undecided";
  if (isPassing && code === ExitCode.Violation) return { ...outcome, result: "breaking", upgrade };
  if (isPassing && code === ExitCode.Undecided) return { ...outcome, result: "undecided", upgrade };
  return { ...outcome, upgrade };
}

const NOT_JUDGED =
  `The preview succeeded, but the policy pack ${PACK_NAME} didn't judge the stack, so nothing is ` +
  "known about it. Is another pack given with --policy-pack?";

function resultOf(
  violations: readonly PolicyReport[],
  errors: readonly string[],
  undecided: readonly PolicyReport[],
): Result {
  if (violations.length > 0) return "violation";
  if (errors.length > 0) return "failed";
  return undecided.length > 0 ? "undecided" : "ok";
}

/** Rules that say less than they do by themselves. */
function weakened({ levels }: Grounds): string[] {
  return rules.flatMap(({ metadata: { name, enforcementLevel } }) => {
    const level = levels[name] ?? enforcementLevel;
    if (level === "disabled") return [`${name} disabled`];
    return level === "advisory" && enforcementLevel === "mandatory"
      ? [`${name} only advisory`]
      : [];
  });
}

function uncapitalized(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function limitsOf(events: Preview["events"], head: Posture | undefined): string[] {
  return [
    ...(clusterAnswered(events) === false ? [NO_CLUSTER] : []),
    ...(head
      ? head.notes
      : ["The preview ended before the pack had seen the whole stack: its posture isn't known."]),
  ];
}

const NO_CLUSTER =
  "No cluster answered: whether objects are there already, what the API server would refuse and the " +
  "values that it chooses (addresses, creation times) aren't known. The policies judged what the " +
  "program declares.";
