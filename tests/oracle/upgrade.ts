/** What `istio-egress upgrade` says of random meshes, held against what the istiods of both versions send. */
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { type AliasCall, type AliasCalls, callsOf } from "../../mesh/upgrade/calls.js";
import { type Edit, withEdits } from "../../mesh/upgrade/edits.js";
import { dangerOf, effectOf, wireOf } from "../../mesh/upgrade/effect.js";
import { type Rehearsal, rehearse } from "../../mesh/upgrade/rehearsal.js";
import { type Client, type KubeObject, type MeshFacts, readMesh } from "../../mesh/index.js";
import { placeOf } from "./difference.js";
import type { Generation } from "./generations.js";
import { Istiod, programOf } from "./istiod.js";
import { meshOf } from "./meshes.js";
import type { Outbound, Question } from "./question.js";

export interface UpgradeRun {
  from: Generation;
  to: Generation;
  meshes: number;
  /** @default a fresh one */
  seed?: number;
  onProgress?: (done: number) => void;
}

/** What was compared. */
export interface UpgradeResult {
  seed: number;
  meshes: number;
  /** Clusters that the two istiods send otherwise, all of which were told. */
  clusters: number;
  /** Calls that break. */
  breaks: number;
  /** Meshes in which some do, and those for which something was found to be written before. */
  broken: number;
  prepared: number;
  /** Calls whose TLS was asked of istiods with that written. */
  held: number;
  /** What is wrong, a text each. */
  faults: string[];
  seconds: number;
}

const BATCH = 100;

/** Puts random meshes to both istiods, and all that is said of the way from one to the other. */
export async function runUpgrades({ from, to, ...run }: UpgradeRun): Promise<UpgradeResult> {
  const started = performance.now();
  const seed = run.seed ?? randomInt(2 ** 31);
  const counts = { meshes: 0, clusters: 0, breaks: 0, broken: 0, prepared: 0, held: 0 };
  const result: UpgradeResult = { seed, ...counts, faults: [], seconds: 0 };
  const [older, newer] = await Promise.all([programOf(from), programOf(to)]);
  const istiods = { from: new Istiod(older), to: new Istiod(newer) };
  try {
    for (let batch = 0; result.meshes < run.meshes; batch++) {
      const numRuns = Math.min(BATCH, run.meshes - result.meshes);
      const questions = fc.sample(meshOf(from), { seed: seed + batch, numRuns });
      const asked = questions.map(async (question, index) => {
        const trial = new Trial(question, { from, to }, istiods);
        await trial.run(result);
        result.faults.push(...trial.faults.map((fault) => `${seed + batch}:${index} ${fault}`));
      });
      await Promise.all(asked);
      result.meshes += numRuns;
      run.onProgress?.(result.meshes);
    }
  } finally {
    istiods.from.close();
    istiods.to.close();
  }
  return { ...result, seconds: (performance.now() - started) / 1000 };
}

type Side = "from" | "to";
type Sent = readonly (readonly Outbound[])[];

/** One mesh. */
class Trial {
  readonly faults: string[] = [];
  private readonly objects: readonly KubeObject[];
  private readonly clients: readonly Client[];
  private readonly facts: Partial<MeshFacts>;

  constructor(
    { objects, clients, mesh }: Question,
    private readonly generations: Readonly<Record<Side, Generation>>,
    private readonly istiods: Readonly<Record<Side, Istiod>>,
  ) {
    this.objects = objects;
    this.clients = clients;
    this.facts = mesh;
  }

  async run(result: UpgradeResult): Promise<void> {
    const { from, to } = this.generations;
    const versions = { from: from.facts.istioVersion, to: to.facts.istioVersion };
    const told = rehearse(this.objects, this.facts, versions, this.clients);
    const [before, after] = await Promise.all([this.ask("from", []), this.ask("to", [])]);
    result.clusters += this.compareClusters(told, before, after);
    this.compareCalls(told, before, after);
    const breaks = told.changes.filter(({ effect }) => effect === "breaks").length;
    result.breaks += breaks;
    result.broken += Number(breaks > 0);
    const { edits } = told.preparation;
    if (edits.length === 0) return;
    result.prepared++;
    result.held += await this.checkPreparation(told, before);
  }

  private async ask(side: Side, edits: readonly Edit[]): Promise<Sent> {
    const mesh = { ...this.facts, ...this.generations[side].facts };
    const objects = withEdits(this.objects, edits);
    const answer = await this.istiods[side].ask({
      id: "",
      objects,
      clients: [...this.clients],
      mesh,
    });
    if (answer.error !== undefined) this.faults.push(`istiod can't read it: ${answer.error}`);
    return (answer.clients ?? []).map(({ clusters }) => clusters);
  }

  private callsUnder(side: Side, edits: readonly Edit[]): AliasCalls {
    const { istioVersion } = this.generations[side].facts;
    const objects = withEdits(this.objects, edits);
    return callsOf(readMesh(objects, { ...this.facts, istioVersion }), this.clients);
  }

  /** Every cluster that differs is told, and no other. */
  private compareClusters({ clusters }: Rehearsal, before: Sent, after: Sent): number {
    const told = clusters.map(({ client, before, after, ...cluster }) =>
      differenceText(
        this.clients.indexOf(client),
        placeOf(cluster),
        modelText(before),
        modelText(after),
      ),
    );
    const found = this.clients.flatMap((_, client) => {
      const [was, is] = [byPlace(before[client] ?? []), byPlace(after[client] ?? [])];
      return [...new Set([...was.keys(), ...is.keys()])]
        .filter((place) => was.get(place) !== is.get(place))
        .map((place) => differenceText(client, place, was.get(place), is.get(place)));
    });
    const [all, known] = [new Set(found), new Set(told)];
    this.faults.push(...found.filter((one) => !known.has(one)).map((one) => `not told: ${one}`));
    this.faults.push(...told.filter((one) => !all.has(one)).map((one) => `told in vain: ${one}`));
    return found.length;
  }

  /** What is said of each call is what the two istiods send, and each call that they send otherwise is told. */
  private compareCalls({ changes }: Rehearsal, before: Sent, after: Sent): void {
    const calls = { from: this.callsUnder("from", []), to: this.callsUnder("to", []) };
    for (const [side, sent] of [
      ["from", before],
      ["to", after],
    ] as const) {
      for (const call of calls[side].values()) {
        const tls = this.tlsOf(call, sent);
        if (call.tls === tls) continue;
        this.faults.push(`${side} ${callText(call)}: ${call.tls} told, ${tls} sent`);
      }
    }
    const keys = new Set([...calls.from.keys(), ...calls.to.keys()]);
    const differ = [...keys].filter((key) => effectOf(calls.from.get(key), calls.to.get(key)));
    if (differ.length !== changes.length) {
      this.faults.push(`${differ.length} calls differ, ${changes.length} are told`);
    }
  }

  /** With what is to be written before, istiods of both versions send every call that was right as before. */
  private async checkPreparation({ preparation }: Rehearsal, before: Sent): Promise<number> {
    const { edits, unprepared } = preparation;
    const present = this.callsUnder("from", []);
    const states: [Side, readonly Edit[]][] = [
      ...edits.map((_, index): [Side, readonly Edit[]] => ["from", edits.slice(0, index + 1)]),
      ["to", edits],
    ];
    let held = 0;
    for (const [side, made] of states) {
      const open = new Set(side === "to" ? unprepared.map(({ host }) => host) : []);
      const [sent, calls] = [await this.ask(side, made), this.callsUnder(side, made)];
      for (const [key, was] of present) {
        if (dangerOf(was) > 0 || open.has(was.host)) continue;
        const is = calls.get(key);
        const wires = [this.tlsOf(was, before), is ? this.tlsOf(is, sent) : "no cluster"] as const;
        const [expected, found] = wires.map((tls) => wireOf({ tls }));
        held++;
        if (expected === found) continue;
        this.faults.push(
          `${side}, ${made.length} written, ${callText(was)}: ${wires.join(", now ")}`,
        );
      }
    }
    return held;
  }

  /** The TLS of the cluster that carries a call. */
  private tlsOf({ client, carrier, port, subset, host }: AliasCall, sent: Sent): AliasCall["tls"] {
    const place = placeOf({ host: carrier ?? host, port, subset });
    const clusters = sent[this.clients.indexOf(client)] ?? [];
    return clusters.find((cluster) => placeOf(cluster) === place)?.tls ?? "no cluster";
  }
}

function byPlace(clusters: readonly Outbound[]): Map<string, string> {
  return new Map(
    clusters.map((cluster) => [placeOf(cluster), clusterText(cluster.tls, cluster.rule)]),
  );
}

function modelText(side: Rehearsal["clusters"][number]["before"]): string | undefined {
  const rule = side?.rule && `${side.rule.namespace}/${side.rule.name}`;
  return side && clusterText(side.tls, rule);
}

function clusterText(tls: string, rule: string | undefined): string {
  return rule === undefined ? tls : `${tls} by ${rule}`;
}

function differenceText(client: number, place: string, was?: string, is?: string): string {
  return `client ${client}: ${place}: ${was ?? "nothing"} → ${is ?? "nothing"}`;
}

function callText({ client, host, port, subset }: AliasCall): string {
  return `${JSON.stringify(client)} ${placeOf({ host, port, subset })}`;
}

/** A run in numbers. */
export function upgradeText(result: UpgradeResult): string {
  const { seed, meshes, clusters, breaks, broken, prepared, held, faults, seconds } = result;
  return (
    `${meshes} meshes, ${clusters} clusters differ, ${breaks} calls break in ${broken} meshes; for ${prepared} of them something ` +
    `is written before, and ${held} calls were held against it\nseed ${seed}, ${seconds.toFixed(1)} s; ${faults.length} faults`
  );
}
