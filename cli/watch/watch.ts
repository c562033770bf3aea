import { setMaxListeners } from "node:events";
import { ApiServer, type ClusterChoice, type Resource } from "../kube/api-server.js";
import { unmodelledText, versionNotes } from "../judgement.js";
import { paragraph } from "../format/text.js";
import {
  at,
  type Client,
  type HostVerdicts,
  type KubeObject,
  type MeshFacts,
  type ObjectRef,
  summarize,
  text,
  unmodelled,
  refText,
} from "../../mesh/index.js";
import { EventWriter } from "./events.js";
import { type WatchFinding, type FindingChanges, Findings } from "./findings.js";
import { Metrics, type MetricsAddress } from "./metrics.js";
import { type Listener, WatchedMesh } from "./watched-mesh.js";

/** What to watch, and how to report it. */
export interface WatchOptions extends ClusterChoice {
  facts: Partial<MeshFacts>;
  clients?: readonly Client[];
  /** A line of JSON for each change, in place of text. */
  json: boolean;
  /** Where Prometheus scrapes. @default nowhere */
  metrics?: MetricsAddress;
  /** Kubernetes Events on rules. */
  events: boolean;
}

/** Any version that DestinationRules are read by. */
const RULES = "networking.istio.io/v1beta1";

/** Judges a live cluster again as it changes, until the signal is given. */
export async function watchCluster(options: WatchOptions, signal: AbortSignal): Promise<void> {
  // Each resource is watched by a request that the signal ends.
  setMaxListeners(0, signal);
  const server = await ApiServer.from(options);
  const watch = new Watch(server, options);
  const listening = options.metrics && (await watch.metrics.serve(options.metrics));
  try {
    for (const one of await watch.mesh.read()) note(one);
    for (const one of standingNotes(watch.mesh, options.facts)) note(one);
    await watch.mesh.follow(signal);
  } finally {
    listening?.close();
  }
}

/** Reports what becomes of a mesh that is watched. */
class Watch implements Listener {
  readonly mesh: WatchedMesh;
  readonly metrics: Metrics;
  private readonly findings = new Findings();
  private readonly write: (finding: WatchFinding, isGone: boolean) => void;
  private readonly events: EventWriter | undefined;
  private isReady = false;

  constructor(server: ApiServer, { facts, clients, json, events }: WatchOptions) {
    this.write = lineWriter(json);
    this.mesh = new WatchedMesh(server, facts, clients, this);
    this.metrics = new Metrics({
      findings: this.findings,
      aliases: () => this.mesh.judge.aliases,
      objects: () => this.mesh.judge.size,
      clients: () => this.mesh.judge.clients.length,
      isReady: () => this.isReady,
    });
    if (!events) return;
    const uidOf = (rule: ObjectRef) =>
      text(at(this.mesh.judge.get(RULES, rule), "metadata", "uid")) || undefined;
    this.events = new EventWriter(server, uidOf, (why) => {
      this.metrics.eventFailed();
      note(`an Event can't be written: ${why.message}`);
    });
  }

  changed(hosts: readonly HostVerdicts[], latency: number): void {
    if (this.isReady) this.metrics.judged(latency);
    this.report(this.findings.update(hosts));
  }

  settled(): void {
    this.report(this.findings.keepOnly((host) => this.mesh.judge.isAlias(host)));
    if (this.isReady) return;
    this.isReady = true;
    note(`watching ${countText(this.mesh)}`);
  }

  interrupted({ plural }: Resource, why: Error): void {
    this.metrics.interrupted(plural);
    note(`the watch of ${plural} broke off, and is begun again: ${why.message}`);
  }

  expired({ plural }: Resource): void {
    this.metrics.expired(plural);
  }

  noted(words: string): void {
    note(words);
  }

  private report({ came, went }: FindingChanges): void {
    for (const finding of came) this.write(finding, false);
    for (const finding of went) this.write(finding, true);
    for (const finding of came) this.events?.write(finding, false);
    for (const finding of went) this.events?.write(finding, true);
  }
}

function countText({ judge }: WatchedMesh): string {
  return `${judge.size} objects: ${judge.aliases} external aliases, ${judge.clients.length} classes of clients.`;
}

function standingNotes({ judge }: WatchedMesh, facts: Partial<MeshFacts>): string[] {
  const objects = [...judge.objects()] as KubeObject[];
  return [...unmodelled(objects).map(unmodelledText), ...versionNotes(facts)];
}

function note(words: string): void {
  process.stderr.write(`note: ${words}\n`);
}

/** Writes what came or went: a line of JSON, or a paragraph after the time. */
function lineWriter(json: boolean): (finding: WatchFinding, isGone: boolean) => void {
  return ({ verdict, answers }, isGone) => {
    const time = new Date().toISOString();
    const { alias, host, port, subset, rule, kind } = verdict;
    const state = isGone ? "resolved" : verdict.verdict;
    const summary = summarize(verdict);
    if (json) {
      const place = { alias: refText(alias), host, port, subset, rule: rule && refText(rule) };
      const line = { time, state, kind, ...place, answers, ...(!isGone && { message: summary }) };
      process.stdout.write(`${JSON.stringify(line)}\n`);
      return;
    }
    process.stdout.write(`${time} ${state}\n${paragraph(summary, "  ")}\n`);
  };
}
