import {
  cell,
  diffMarkdown,
  markdownTable,
  moreText,
  postureMarkdown,
} from "../posture/markdown.js";
import { changeCounts } from "../posture/change-lines.js";
import { postureMermaid } from "../posture/mermaid.js";
import type { PolicyReport, ResourceChange } from "../stack/events.js";
import { ExitCode } from "../mistake.js";
import { upgradeMarkdown } from "../upgrade/markdown.js";
import { exitCodeOf, type Upgrade } from "../upgrade/report.js";
import type { Result, StackOutcome } from "./outcome.js";
import { type Budget, withinLimit } from "./within-limit.js";

/** First line of every report: what a workflow finds its own comment by, to change it in place. */
export const MARKER = "<!-- istio-egress:pr-report -->";

/** What a comment may have on the forges: 65,536 characters. */
export const LIMIT = 65_536;

/** What undecided means for the change. */
export interface Strictness {
  /** Undecided stacks are reported and don't fail the report. @default false */
  allowUndecided?: boolean;
}

/** Whether a stack stands in the way of the change. */
export function isBlocking(result: Result, { allowUndecided = false }: Strictness): boolean {
  return result !== "ok" && !(result === "undecided" && allowUndecided);
}

/** The whole report, cut with a note where it would be too long. */
export function renderReport(
  outcomes: readonly StackOutcome[],
  strictness: Strictness = {},
  limit = LIMIT,
): string {
  return withinLimit(limit, (budget) =>
    [
      MARKER,
      `## ${headline(outcomes, strictness)}`,
      verdictLine(outcomes, strictness),
      overview(outcomes),
      ...outcomes.map((outcome) => section(outcome, budget)),
    ].join("\n\n"),
  );
}

function headline(outcomes: readonly StackOutcome[], strictness: Strictness): string {
  return outcomes.some(({ result }) => isBlocking(result, strictness))
    ? "❌ Egress TLS: this change must not be merged"
    : "✅ Egress TLS: nothing stands in the way of this change";
}

const WORDS: Readonly<Record<Result, string>> = {
  violation: "forbidden by policy",
  breaking: "calls break as istiod is upgraded",
  failed: "not known: the preview failed",
  undecided: "not decided",
  ok: "ok",
};
const MARKS: Readonly<Record<Result, string>> = {
  violation: "❌",
  breaking: "❌",
  failed: "💥",
  undecided: "❓",
  ok: "✅",
};

/**
 * `Forbidden by policy in prod; ok in dev, staging.`, the worst first, and what it rests on besides
 * the stacks: waivers, and rules that were switched off.
 *
 * @param shown how text that came from someone else is written; @default as Markdown has it
 */
export function verdictLine(
  outcomes: readonly StackOutcome[],
  strictness: Strictness,
  shown: (text: string) => string = cell,
): string {
  const parts = Object.entries(WORDS).flatMap(([result, words]) => {
    const stacks = outcomes.filter((outcome) => outcome.result === result);
    const note = result === "undecided" && strictness.allowUndecided ? " (allowed)" : "";
    const names = stacks.map(({ stack }) => shown(stack)).join(", ");
    return stacks.length > 0 ? [`${words}${note} in ${names}`] : [];
  });
  const text = parts.join("; ");
  return `**${text.charAt(0).toUpperCase()}${text.slice(1)}.**${groundsText(outcomes, shown)}`;
}

/** More than these are listed stack by stack alone. */
const MOST_GROUNDS = 5;

/** ` It rests on egress-inert-rule disabled (in dev, prod).` */
function groundsText(outcomes: readonly StackOutcome[], shown: (text: string) => string): string {
  const stacksOf = new Map<string, string[]>();
  for (const { stack, restsOn } of outcomes) {
    for (const ground of restsOn) stacksOf.set(ground, [...(stacksOf.get(ground) ?? []), stack]);
  }
  const grounds = [...stacksOf].map(
    ([ground, stacks]) => `${shown(ground)} (in ${stacks.map(shown).join(", ")})`,
  );
  if (grounds.length === 0) return "";
  const more = grounds.length - MOST_GROUNDS;
  const listed = grounds.slice(0, MOST_GROUNDS).join("; ");
  return ` It rests on ${listed}${more > 0 ? `; and ${more} more, listed stack by stack` : ""}.`;
}

function overview(outcomes: readonly StackOutcome[]): string {
  return markdownTable(
    ["stack", "", "resources", "violations", "undecided", "TLS posture"],
    outcomes.map(({ stack, result, changes, violations, undecided, postureChanges }) => [
      cell(stack),
      `${MARKS[result]} ${WORDS[result]}`,
      result === "failed" ? "not known" : changesText(changes),
      String(violations.length),
      String(undecided.length),
      postureChanges ? changeCounts(postureChanges) : "not known",
    ]),
  );
}

function changesText(changes: readonly ResourceChange[]): string {
  const ops = new Map<string, number>();
  for (const { op } of changes) ops.set(op, (ops.get(op) ?? 0) + 1);
  if (ops.size === 0) return "no change";
  return [...ops].map(([op, count]) => `${count} to ${op}`).join(", ");
}

function section(outcome: StackOutcome, budget: Budget): string {
  const { stack, result, violations, undecided, advice, errors, limits, restsOn } = outcome;
  const { posture, postureChanges, changes } = outcome;
  const calls = posture?.rows.length ?? 0;
  return [
    `### ${MARKS[result]} ${cell(stack)}: ${WORDS[result]}`,
    ...shown(errors, budget, "error", (error) => fenced(error, budget)),
    ...shown(violations, budget, "violation", (report) => policyText(report, budget)),
    ...shown(undecided, budget, "undecided finding", (report) => policyText(report, budget)),
    ...(limits.length > 0 ? [listText("What this preview couldn't know:", limits, budget)] : []),
    ...(restsOn.length > 0 ? [listText("What this answer rests on:", restsOn, budget)] : []),
    ...(outcome.upgrade ? [upgradeText(outcome.upgrade, budget)] : []),
    ...(changes.length > 0
      ? [folded(`Resources: ${changesText(changes)}`, resourceTable(changes, budget))]
      : []),
    ...(postureChanges
      ? [
          folded(
            `TLS posture, against the base: ${changeCounts(postureChanges)}`,
            diffMarkdown(postureChanges, budget.items),
          ),
        ]
      : []),
    ...(posture && calls > 0
      ? [
          folded("Who calls what", graph(posture, budget)),
          folded(
            `TLS posture after this change: ${calls} call${calls === 1 ? "" : "s"}`,
            postureMarkdown(posture, budget.items),
          ),
        ]
      : []),
    ...(advice.length > 0
      ? [
          folded(
            `Advice: ${advice.length}`,
            shown(advice, budget, "piece of advice", (report) => policyText(report, budget)).join(
              "\n\n",
            ),
          ),
        ]
      : []),
  ].join("\n\n");
}

/** What another version of Istio makes of what the change leaves; open where something breaks. */
function upgradeText(upgrade: Upgrade, { items }: Budget): string {
  const { from, to } = upgrade.rehearsals[0] ?? { from: "", to: "" };
  const title = `Istio ${cell(from)} → ${cell(to)}`;
  const text = upgradeMarkdown(upgrade, items);
  const [isBroken, isOpen] = [ExitCode.Violation, ExitCode.Undecided].map(
    (code) => exitCodeOf(upgrade) === code,
  );
  if (!isBroken) {
    const summary = isOpen
      ? "not all is known"
      : "nothing breaks. Apply this change, then upgrade istiod";
    return folded(`${title}: ${summary}`, text);
  }
  return `❌ **${title}: calls break as istiod is upgraded, with what this change leaves.**\n\n${text}`;
}

/** The first few of many things, and a word about the rest. */
function shown<T>(
  things: readonly T[],
  { items }: Budget,
  what: string,
  textOf: (thing: T) => string,
): string[] {
  const more = moreText(things.length - items, what).trim();
  return [...things.slice(0, items).map(textOf), ...(more ? [more] : [])];
}

function policyText({ policy, resource, message }: PolicyReport, budget: Budget): string {
  const where = resource === undefined ? "" : ` at ${cell(resource)}`;
  return `**${cell(policy)}**${where}\n\n${fenced(message, budget)}`;
}

/** Text as it is, whatever is in it; a long one ends with a word about it. */
function fenced(text: string, { characters }: Budget): string {
  const kept =
    text.length <= characters
      ? text
      : `${text.slice(0, characters)}\n… and ${text.length - characters} more characters that didn't fit here.`;
  const longest = Math.max(2, ...(kept.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${kept}\n${fence}`;
}

function listText(title: string, things: readonly string[], { items }: Budget): string {
  const distinct = [...new Set(things)];
  const list = distinct.slice(0, items).map((thing) => `- ${cell(thing)}`);
  return `${title}\n\n${list.join("\n")}${moreText(distinct.length - items, "thing")}`;
}

function resourceTable(changes: readonly ResourceChange[], { items }: Budget): string {
  const MOST_PATHS = 5;
  const table = markdownTable(
    ["", "kind", "name", "what"],
    changes.slice(0, items).map(({ op, kind, name, paths }) => {
      const more = paths.length > MOST_PATHS ? ` and ${paths.length - MOST_PATHS} more` : "";
      return [op, cell(kind), cell(name), cell(paths.slice(0, MOST_PATHS).join(", ") + more)];
    }),
  );
  return table + moreText(changes.length - items, "resource");
}

function graph(posture: NonNullable<StackOutcome["posture"]>, budget: Budget): string {
  return `\`\`\`mermaid\n${postureMermaid(posture, budget.items)}\n\`\`\``;
}

function folded(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
