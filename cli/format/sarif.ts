import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Invocation, Location, Log, ReportingDescriptor, Result, Run } from "sarif";
import { OUTCOME, outcomeOf } from "../baseline.js";
import { type CallRow, clientText, type Judgement } from "../judgement.js";
import { callText } from "../input/call.js";
import { jsonPieces } from "./json-pieces.js";
import { STDIN } from "../input/files.js";
import type { Manifest } from "../input/manifests.js";
import {
  explain,
  explainCall,
  type InertRule,
  type Mesh,
  type ObjectRef,
  type RuleLevel,
  type ShadowedRule,
  type Verdict,
  visible,
  objectText,
  refText,
} from "../../mesh/index.js";

/** The rules of the policy pack that `judge` reports by, under the same names. */
const RULES = {
  "egress-disallow-istio-mutual": {
    level: "error",
    text: "Istio's mutual TLS must not reach a server outside the mesh, which can't speak it.",
  },
  "egress-undecided-tls": {
    level: "warning",
    text: "What a sidecar will do towards an external alias can't be decided from what is given.",
  },
  "egress-inert-rule": {
    level: "note",
    text: "A DestinationRule for an external alias that no client will ever follow.",
  },
  "egress-shadowed-rule": {
    level: "note",
    text: "A DestinationRule for an external alias that another rule hides from some clients.",
  },
  "egress-call": {
    level: "error",
    text: "A call to an external alias doesn't arrive, or isn't encrypted as the rules for it say.",
  },
} as const;

type RuleId = keyof typeof RULES;
const RULE_IDS = Object.keys(RULES) as RuleId[];

type Path = (string | number)[];

/**
 * `judge --sarif`: findings at the lines of the rules that decided, for code scanning, in pieces.
 *
 * @param judgements each becomes a run
 * @param baseline outcomes of an older state, by which each finding is new or unchanged
 */
export function* judgementSarif(
  judgements: readonly Judgement[],
  version: string,
  baseline?: ReadonlySet<string>,
): Generator<string> {
  const log: StreamedLog = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: judgements.map((judgement) => runOf(judgement, version, baseline)),
  };
  yield* jsonPieces(log);
  yield "\n";
}

/** A log whose results come one by one: there may be hundreds of thousands. */
type StreamedRun = Omit<Run, "results"> & { results: Iterable<Result> };
type StreamedLog = Omit<Log, "runs"> & { runs: StreamedRun[] };

function runOf(
  judgement: Judgement,
  version: string,
  baseline: ReadonlySet<string> | undefined,
): StreamedRun {
  return {
    tool: { driver: { name: "istio-egress", version, rules: rulesFor(judgement).map(descriptor) } },
    columnKind: "utf16CodeUnits",
    ...(judgement.notes.length > 0 && { invocations: [invocation(judgement.notes)] }),
    results: resultsOf(judgement, locator(judgement.manifests), baseline),
  };
}

function* resultsOf(
  { verdicts, mesh, inert, shadowed, calls }: Judgement,
  locate: Locator,
  baseline?: ReadonlySet<string>,
): Generator<Result> {
  for (const verdict of verdicts) yield* verdictResult(verdict, mesh, locate, baseline);
  for (const rule of inert) yield inertResult(rule, locate);
  for (const rule of shadowed) yield shadowedResult(rule, locate);
  for (const row of calls) yield* callResult(row, locate);
}

/** What was decided when the objects were read is about the run, not about a line. */
function invocation(notes: readonly string[]): Invocation {
  return {
    executionSuccessful: true,
    toolExecutionNotifications: notes.map((text) => ({ level: "note", message: { text } })),
  };
}

/** Rules about calls are listed only where calls are judged. */
function rulesFor({ calls }: Judgement): RuleId[] {
  return RULE_IDS.filter((id) => id !== "egress-call" || calls.length > 0);
}

function descriptor(id: RuleId): ReportingDescriptor {
  const { level, text } = RULES[id];
  return { id, shortDescription: { text }, defaultConfiguration: { level } };
}

function result(ruleId: RuleId, text: string, identity: string[], location: Location): Result {
  return {
    ruleId,
    ruleIndex: RULE_IDS.indexOf(ruleId),
    level: RULES[ruleId].level,
    message: { text: text.split("\n").map(visible).join("\n") },
    locations: [location],
    // So that a finding stays the same one when lines move.
    partialFingerprints: { "istioEgress/v1": identity.join("|") },
  };
}

function verdictResult(
  verdict: Verdict,
  mesh: Mesh,
  locate: Locator,
  baseline: ReadonlySet<string> | undefined,
): Result[] {
  if (verdict.verdict === "ok") return [];
  const { alias, client, port, subset, rule } = verdict;
  const { summary, fix } = explain(verdict, mesh);
  const id =
    verdict.verdict === "violation" ? "egress-disallow-istio-mutual" : "egress-undecided-tls";
  const decided = rule ?? verdict.unknowns?.[0]?.object ?? alias;
  const identity = [id, refText(alias), clientText(client), String(port), subset, refText(decided)];
  const path = (object: unknown) => tlsPath(object, verdict);
  const text = fix === "" ? summary : `${summary}\n${fix}`;
  const found = result(id, text, identity, locate(decided, path));
  const outcome = outcomeOf(verdict);
  return [
    {
      ...found,
      partialFingerprints: { ...found.partialFingerprints, [OUTCOME]: outcome },
      ...(baseline && { baselineState: baseline.has(outcome) ? "unchanged" : "new" }),
    },
  ];
}

function inertResult({ rule, host, reason, instead }: InertRule, locate: Locator): Result {
  const text = `No client follows ${rule.kind} ${refText(rule)} (host ${host}). ${instead}`;
  const identity = ["egress-inert-rule", refText(rule), reason];
  return result(
    "egress-inert-rule",
    text,
    identity,
    locate(rule, () => ["spec", "host"]),
  );
}

function shadowedResult({ rule, by, alias, client }: ShadowedRule, locate: Locator): Result {
  const text =
    `${refText(by)} hides ${rule.kind} ${refText(rule)} for ${refText(alias)} ` +
    `from clients in ${clientText(client)}.`;
  const identity = ["egress-shadowed-rule", refText(rule), refText(by), clientText(client)];
  const atHost = () => ["spec", "host"];
  return {
    ...result("egress-shadowed-rule", text, identity, locate(rule, atHost)),
    relatedLocations: [{ ...locate(by, atHost), message: { text: "the rule that is followed" } }],
  };
}

/** What is wrong with a call, at the object that decides; one that isn't decided is a warning. */
function callResult({ verdict, clients }: CallRow, locate: Locator): Result[] {
  const { alias, decidedBy, answer, call } = verdict;
  const at = decidedBy ?? alias?.ref;
  if (verdict.verdict === "ok" || !at) return [];
  const { summary, seen, fix } = explainCall(verdict);
  const names = clients.map(clientText).join(", ");
  const text = [`${callText(call)} from ${names}: ${summary}.`, seen && `Seen as: ${seen}.`, fix];
  const identity = ["egress-call", callText(call), names, answer, objectText(at)];
  const found = result(
    "egress-call",
    text.filter((line) => line !== undefined).join("\n"),
    identity,
    locate(at, () => ["spec"]),
  );
  return [verdict.verdict === "undecided" ? { ...found, level: "warning" } : found];
}

type Locator = (ref: ObjectRef, path: (object: unknown) => Path) => Location;

/** Finds the file and line of an object's field; of objects that came from no file, their name. */
function locator(manifests: readonly Manifest[]): Locator {
  const byName = new Map(manifests.map((manifest) => [nameOf(manifest.object), manifest]));
  const lines = new Map<string, number>();
  return (ref, path) => {
    const name = objectText(ref);
    const manifest = byName.get(name);
    const logicalLocations = [{ fullyQualifiedName: name, kind: "resource" }];
    if (!manifest?.place || manifest.place.file === STDIN) return { logicalLocations };
    const { file, lineOf } = manifest.place;
    const field = path(manifest.object);
    const key = JSON.stringify([name, field]);
    // Many findings stand at one place, and to find a line a file is read again.
    const startLine = lines.get(key) ?? lineOf(field);
    lines.set(key, startLine);
    return {
      physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine } },
      logicalLocations,
    };
  };
}

/** A file's name as a reference: relative to where the command ran, or from the root. */
function uriOf(file: string): string {
  if (path.isAbsolute(file)) return pathToFileURL(file).href;
  return path.normalize(file).split(path.sep).map(encodeURIComponent).join("/");
}

function nameOf({ kind, metadata }: Manifest["object"]): string {
  const { name = "", namespace = "default" } = (metadata ?? {}) as Partial<ObjectRef>;
  return objectText({ kind, namespace, name });
}

/** Where the deciding `tls` block stands in its DestinationRule. */
function tlsPath(object: unknown, { level, port, subset }: Verdict): Path {
  const { spec } = object as { spec?: { trafficPolicy?: Policy; subsets?: NamedPolicy[] } };
  const steps: Record<RuleLevel, () => Path> = {
    top: () => ["trafficPolicy"],
    port: () => ["trafficPolicy", ...portPath(spec?.trafficPolicy, port)],
    subset: () => subsetPath(spec?.subsets, subset),
    "subset-port": () => {
      const policy = spec?.subsets?.find(({ name }) => name === subset)?.trafficPolicy;
      return [...subsetPath(spec?.subsets, subset), ...portPath(policy, port)];
    },
  };
  return level === undefined ? ["spec"] : ["spec", ...steps[level](), "tls", "mode"];
}

interface Policy {
  portLevelSettings?: { port?: { number?: number } }[];
}

interface NamedPolicy {
  name?: string;
  trafficPolicy?: Policy;
}

function portPath(policy: Policy | undefined, port: number): Path {
  const index = policy?.portLevelSettings?.findIndex((setting) => setting.port?.number === port);
  return ["portLevelSettings", index ?? 0];
}

function subsetPath(subsets: NamedPolicy[] | undefined, subset: string): Path {
  return ["subsets", subsets?.findIndex(({ name }) => name === subset) ?? 0, "trafficPolicy"];
}
