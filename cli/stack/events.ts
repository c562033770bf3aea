import { compareText } from "../../mesh/index.js";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/events.js";

/** What the engine writes into its event log, with what the SDK's types leave out. */
export type LoggedEvent = EngineEvent & {
  /** A pack has judged the whole stack. */
  policyAnalyzeStackSummaryEvent?: { policyPackName: string; policyPackVersion: string };
};

/** The events of a log; none where the engine ended before it had anything to say. */
export function readEvents(log: string): LoggedEvent[] {
  let text = "";
  try {
    text = readFileSync(log, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  // An engine that was ended in the middle of a line leaves no newline after it.
  const lines = text.split("\n").slice(0, -1);
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as LoggedEvent);
}

/** A resource that isn't left as it is. */
export interface ResourceChange {
  op: "create" | "update" | "replace" | "delete" | "import";
  /** `Service`, `EgressAlias`. */
  kind: string;
  /** Pulumi's name of it. */
  name: string;
  /** What changes in it, sorted. */
  paths: string[];
}

const OPS: Readonly<Record<string, ResourceChange["op"]>> = {
  create: "create",
  update: "update",
  replace: "replace",
  delete: "delete",
  import: "import",
  // A pending deletion that a broken update left behind.
  "discard-replaced": "delete",
};

/** What the engine would do, by operation and then by name. Without the stack and providers. */
export function changesIn(events: readonly LoggedEvent[]): ResourceChange[] {
  const changes = new Map<string, ResourceChange>();
  for (const { op, urn, type, detailedDiff } of stepsIn(events)) {
    const known = OPS[op];
    if (!known || type.startsWith("pulumi:")) continue;
    const paths = Object.keys(detailedDiff ?? {}).sort();
    changes.set(`${known} ${urn}`, { op: known, ...resourceOf(urn), paths });
  }
  const place = ({ op }: ResourceChange) => Object.values(OPS).indexOf(op);
  return [...changes.values()].sort(
    (a, b) => place(a) - place(b) || compareText(`${a.kind} ${a.name}`, `${b.kind} ${b.name}`),
  );
}

/**
 * Whether an update would leave everything as it is: each resource, its options as far as the engine
 * reports them, and the stack's outputs. (Of an object's dependencies it says nothing; where they alone
 * are others, the next change writes them down.)
 */
export function changesNothing(events: readonly LoggedEvent[]): boolean {
  const counts = events.flatMap(({ summaryEvent }) => summaryEvent?.resourceChanges ?? []);
  const steps = events.flatMap(({ resOutputsEvent }) => resOutputsEvent?.metadata ?? []);
  return (
    counts.length === 1 &&
    Object.entries(counts[0]!).every(([op, count]) => op === "same" || count === 0) &&
    [...stepsIn(events), ...steps].every(({ op }) => op === "same") &&
    steps.every(({ old, new: state }) => isDeepStrictEqual(old, state))
  );
}

function stepsIn(events: readonly LoggedEvent[]): StepEventMetadata[] {
  return events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
}

/** The kind and name that a URN ends with. */
export function resourceOf(urn: string): { kind: string; name: string } {
  const [, , types = "", name = ""] = urn.split("::");
  return { kind: types.split("$").at(-1)?.split(":").at(-1) ?? "", name };
}

/** What a policy reported. */
export interface PolicyReport {
  policy: string;
  /** Whether it ends the run. */
  isMandatory: boolean;
  /** Absent for one about the whole stack. */
  resource?: string;
  message: string;
}

/** What policies reported, mandatory ones first. */
export function policyReportsIn(events: readonly LoggedEvent[]): PolicyReport[] {
  const reports = events.flatMap(({ policyEvent }): PolicyReport[] => {
    if (!policyEvent) return [];
    const { policyName, enforcementLevel, resourceUrn, message } = policyEvent;
    const { kind, name } = resourceOf(resourceUrn ?? "");
    return [
      {
        policy: policyName,
        isMandatory: enforcementLevel === "mandatory",
        ...(name && { resource: `${kind} ${name}` }),
        message: plain(message),
      },
    ];
  });
  return reports.sort(
    (a, b) =>
      Number(b.isMandatory) - Number(a.isMandatory) ||
      compareText(`${a.policy} ${a.message}`, `${b.policy} ${b.message}`),
  );
}

/** What went wrong, in the engine's words; not that something did. */
export function errorsIn(events: readonly LoggedEvent[]): string[] {
  const errors = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent?.severity === "error" ? [plain(diagnosticEvent.message)] : [],
  );
  return [...new Set(errors)].filter((message) => !/^(preview|update) failed$/.test(message));
}

/** Whether a pack has judged the whole stack, however it judged. */
export function hasJudged(pack: string, events: readonly LoggedEvent[]): boolean {
  return events.some(
    ({ policyAnalyzeStackSummaryEvent: summary }) => summary?.policyPackName === pack,
  );
}

/**
 * Whether a cluster took part in a preview. One that does tries each new object without keeping it,
 * and gives it an identity; without one the engine looks at the program alone, and says nothing of it.
 *
 * @returns undefined if no object of Kubernetes is new or changed, so that no object was judged
 */
export function clusterAnswered(events: readonly LoggedEvent[]): boolean | undefined {
  const tried = events
    .flatMap(({ resOutputsEvent }) => resOutputsEvent?.metadata ?? [])
    .filter(
      ({ op, type, new: state }) => OPS[op] && type.startsWith("kubernetes:") && state?.custom,
    );
  if (tried.length === 0) return undefined;
  return tried.some(({ new: state }) => {
    const { metadata } = (state?.outputs ?? {}) as { metadata?: { uid?: string } };
    return metadata?.uid !== undefined;
  });
}

/** The engine writes colours as tags: `<{%reset%}>`. */
export function plain(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, "").trim();
}
