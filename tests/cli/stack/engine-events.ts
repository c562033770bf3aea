import type { LoggedEvent } from "../../../cli/stack/events.js";

/** Short ways to write what the engine logs, as far as anybody reads it. */

function event(content: object): LoggedEvent {
  return { sequence: 0, timestamp: 0, ...content };
}

function urnOf(type: string, name: string): string {
  return `urn:pulumi:dev::project::a:b:Parent$${type}::${name}`;
}

/** One step, before and after it. */
export function step(
  op: string,
  type: string,
  name: string,
  {
    detailedDiff = [],
    outputs = {},
    old,
    state = { custom: true, outputs },
  }: { detailedDiff?: string[]; outputs?: object; old?: object; state?: object } = {},
): LoggedEvent[] {
  const diff = Object.fromEntries(detailedDiff.map((field) => [field, { diffKind: "update" }]));
  const metadata = {
    op,
    type,
    urn: urnOf(type, name),
    detailedDiff: detailedDiff.length > 0 ? diff : null,
    old,
    new: state,
  };
  return [event({ resourcePreEvent: { metadata } }), event({ resOutputsEvent: { metadata } })];
}

export function policy(
  policyName: string,
  enforcementLevel: "warning" | "mandatory",
  message: string,
  rule?: string,
): LoggedEvent {
  const resourceUrn = rule && urnOf("kubernetes:networking.istio.io/v1:DestinationRule", rule);
  return event({ policyEvent: { policyName, enforcementLevel, message, resourceUrn } });
}

export function error(message: string): LoggedEvent {
  return event({ diagnosticEvent: { severity: "error", message } });
}

/** What a preview counts at its end. */
export function summary(resourceChanges: Record<string, number>): LoggedEvent {
  return event({ summaryEvent: { resourceChanges } });
}

/** A pack has judged the whole stack. */
export function judged(policyPackName = "istio-egress"): LoggedEvent {
  return event({ policyAnalyzeStackSummaryEvent: { policyPackName, policyPackVersion: "1" } });
}
