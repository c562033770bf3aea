import { unmodelledText, versionNotes } from "../judgement.js";
import { ExitCode } from "../mistake.js";
import type { Seen } from "../posture/seen.js";
import {
  type Client,
  type MeshFacts,
  unmodelled,
  refText,
  type Effect,
  EFFECTS,
  objectText,
  objectRef,
  minorsBetween,
  type Rehearsal,
  rehearse,
  type Versions,
} from "../../mesh/index.js";

/** An upgrade of everything that was seen. */
export interface Upgrade {
  /** Where the objects came from, for people. */
  source: string;
  /** One for each step and cluster. */
  rehearsals: (Rehearsal & {
    /** From 1; absent where there is one cluster only. */
    cluster?: number;
  })[];
  /** What couldn't be seen, and what is less sure, a sentence each. */
  notes: string[];
}

/** What to rehearse of an upgrade. */
export interface UpgradeQuestion extends Versions {
  facts: Partial<MeshFacts>;
  /** @default those that the objects and their owner name */
  clients?: readonly Client[];
  /** Minor version by minor version. */
  through?: boolean;
}

/** Rehearses an upgrade on objects, wherever they came from. */
export function upgradeOf(
  { source, clusters, facts, clients: more, notes }: Seen,
  question: UpgradeQuestion,
): Upgrade {
  const known = { ...facts, ...question.facts };
  const steps = stepsOf(question);
  const rehearsals = steps.flatMap((versions) =>
    clusters.map((manifests, index) => {
      const objects = manifests.map(({ object }) => object);
      const found = rehearse(objects, known, versions, question.clients, more);
      return clusters.length > 1 ? { ...found, cluster: index + 1 } : found;
    }),
  );
  const versions = [question.from, ...steps.map(({ to }) => to)];
  const hasCalls = rehearsals.some(({ calls }) => calls > 0);
  const unread = clusters.flatMap((manifests) => unmodelled(manifests.map(({ object }) => object)));
  return {
    source,
    rehearsals,
    notes: [
      ...notes,
      ...(hasCalls ? versions.flatMap((istioVersion) => versionNotes({ istioVersion })) : []),
      ...(hasCalls ? unread.map(unmodelledText) : []),
    ],
  };
}

/** One step, or one for each minor version on the way. */
function stepsOf({ from, to, through }: UpgradeQuestion): Versions[] {
  const stops = [from, ...(through ? minorsBetween(from, to) : []), to];
  return stops.slice(1).map((stop, index) => ({ from: stops[index]!, to: stop }));
}

/** How a run ends: what breaks counts before what isn't known. */
export function exitCodeOf({ rehearsals }: Pick<Upgrade, "rehearsals">): ExitCode {
  const effects = new Set(rehearsals.flatMap(({ changes }) => changes.map(({ effect }) => effect)));
  if (effects.has("breaks")) return ExitCode.Violation;
  return effects.has("undecided") ? ExitCode.Undecided : ExitCode.Ok;
}

/** An effect in words. */
export const EFFECT_WORDS: Readonly<Record<Effect, string>> = {
  breaks: "breaks",
  undecided: "undecided",
  changes: "changes",
  improves: "gets better",
};

/** `2 break, 0 undecided, 3 change, 1 gets better; 12 calls`: calls, not lines. */
export function countsText({ changes, calls }: Rehearsal): string {
  const words = {
    breaks: "break",
    undecided: "undecided",
    changes: "change",
    improves: "get better",
  };
  const parts = EFFECTS.map(
    (effect) => `${changes.filter((change) => change.effect === effect).length} ${words[effect]}`,
  );
  return `${parts.join(", ")}; ${calls} call${calls === 1 ? "" : "s"} in all`;
}

/** What is said besides the calls, a sentence each. */
export function remarksOn(rehearsal: Rehearsal): string[] {
  return [...inertRemarks(rehearsal), ...passingRemarks(rehearsal), ...otherHosts(rehearsal)];
}

/** Rules that turn inert: those that what is written before stands in for may go afterwards. */
function inertRemarks({ to, inert, changes, preparation }: Rehearsal): string[] {
  const { edits, unprepared } = preparation;
  const edited = new Set(edits.map(({ object }) => objectText(objectRef(object))));
  const open = new Set(unprepared.map(({ alias }) => objectText(alias)));
  const broken = changes.filter(({ effect }) => effect === "breaks");
  const prepared = new Set(
    broken
      .map(({ before, after }) => objectText((before ?? after)!.alias))
      .filter((key) => !open.has(key)),
  );
  return inert
    .filter(({ rule }) => !edited.has(objectText(rule)))
    .map(({ rule, alias, instead }) =>
      alias && prepared.has(objectText(alias))
        ? `Under ${to} nothing follows DestinationRule ${refText(rule)} any more: delete it when no proxy is served by ` +
          "the old version, not before."
        : `Under ${to} DestinationRule ${refText(rule)} does nothing: ${instead}`,
    );
}

/** What passes the proxy is refused by those that let nothing pass, which the objects here don't say. */
function passingRemarks({ changes }: Rehearsal): string[] {
  const hosts = changes.flatMap(({ effect, before, after }) =>
    effect === "changes" && before?.carrier !== undefined && after?.carrier === undefined
      ? [before.host]
      : [],
  );
  if (hosts.length === 0) return [];
  return [
    `Calls to ${listed([...new Set(hosts)])} have no cluster any more and pass the proxy as they are sent. Where ` +
      "outboundTrafficPolicy is REGISTRY_ONLY they are refused: declare a ServiceEntry for what they lead to before.",
  ];
}

function otherHosts({ clusters, changes }: Rehearsal): string[] {
  const shown = new Set(
    changes.flatMap(({ before, after }) =>
      [before, after].flatMap((call) => (call ? [call.host, call.carrier] : [])),
    ),
  );
  const others = clusters.filter(({ host }) => !shown.has(host));
  if (others.length === 0) return [];
  const count = `${others.length} cluster${others.length === 1 ? "" : "s"}`;
  const hosts = listed([...new Set(others.map(({ host }) => host))]);
  return [
    `Of hosts that are no aliases ${count} are other ones, too (${hosts}); --format json has them all.`,
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length - 3;
  return names.slice(0, 3).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
