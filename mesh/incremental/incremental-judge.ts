import { isCoveredBy, isWildcard, serviceHost } from "../input/hosts.js";
import type { KubeObject, ObjectRef } from "../input/kube-object.js";
import { DEFAULT_FACTS, type MeshFacts } from "../input/mesh-facts.js";
import { at, isPlain, refOf, text, type Plain } from "../input/plain.js";
import { judgeClasses } from "../judge.js";
import { readMesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { writtenOut } from "../verdicts/client-classes.js";
import type { Verdict } from "../verdicts/verdict.js";
import { ClientShapes } from "./client-shapes.js";
import { endpointsIn, isGlobal, keyOf, ObjectStore, type Stored } from "./object-store.js";

/** What is known of one host that is, or was, an external alias. */
export interface HostVerdicts {
  host: string;
  /** How many answers there are, right ones included; 0 where it is no external alias (any more). */
  answers: number;
  /** Those that are violations or undecided. */
  findings: readonly Verdict[];
}

/** Hosts that are judged together: enough that what is read for all of them doesn't count. */
const CHUNK = 100;

/**
 * Judges a mesh whose objects change one by one: after a change, only the hosts that it can concern,
 * with only the objects that can concern those. The answers are those of `judge` for all objects.
 */
export class IncrementalJudge {
  private readonly facts: MeshFacts;
  private readonly store: ObjectStore;
  private readonly shapes: ClientShapes;
  private readonly known = new Map<string, HostVerdicts>();
  /** Hosts to judge: those that a change names come before those that a wildcard or a global object covers. */
  private urgent = new Set<string>();
  private pending = new Set<string>();
  private mayHaveOtherClients = true;
  /** The clients that all hosts were judged for, or wait to be. */
  private judgedFor = "";
  /** By revision of the control plane, the rules that are labelled for it. */
  private readonly revisions = new Map<string, Set<string>>();

  /** @param given whose sidecars to judge for. @default the clients that the objects name */
  constructor(
    facts: Partial<MeshFacts> = {},
    private readonly given?: readonly Client[],
  ) {
    this.facts = { ...DEFAULT_FACTS, ...facts };
    this.store = new ObjectStore(this.facts.clusterDomain);
    this.shapes = new ClientShapes(this.facts);
    for (const host of this.facts.externalHosts) this.urgent.add(host);
  }

  /** How many objects it has. */
  get size(): number {
    return this.store.size;
  }

  /** The object of a name, if it has one. */
  get(apiVersion: string, { kind, namespace, name }: ObjectRef): Plain | undefined {
    return this.store.get(keyOf({ apiVersion, kind, metadata: { namespace, name } }))?.object;
  }

  /** Every object, in the order in which it came first. */
  objects(): IterableIterator<Plain> {
    return this.store.objects();
  }

  /** The callers that are judged for. */
  get clients(): readonly Client[] {
    return this.given ?? this.shapes.clients;
  }

  /** How much is still to be done: hosts to be judged, and whether there are other clients. */
  get waiting(): number {
    return this.urgent.size + this.pending.size + Number(this.mayHaveOtherClients);
  }

  /** How many external aliases are known. */
  get aliases(): number {
    return this.known.size;
  }

  /** Whether a host is known as an external alias. */
  isAlias(host: string): boolean {
    return this.known.has(host);
  }

  /** What is known of each external alias, as of the last {@link step}. */
  get answers(): Iterable<HostVerdicts> {
    return this.known.values();
  }

  /** Takes an object in, in the place of the one of its kind, namespace and name. */
  set(object: KubeObject): void {
    const key = keyOf(object);
    const before = this.store.get(key);
    if (before && JSON.stringify(before.object) === JSON.stringify(object)) return;
    if (before) this.concern(before);
    const after = this.store.set(object);
    this.concern(after);
    const isOther = this.shapes.add(after.object);
    const wasOther = before ? this.shapes.remove(before.object) : false;
    if (isOther || wasOther) this.mayHaveOtherClients = true;
    this.noteRevision(key, before?.object, after.object);
  }

  /** Takes one away. */
  delete(object: KubeObject): void {
    const key = keyOf(object);
    const before = this.store.get(key);
    if (!before) return;
    this.concern(before);
    this.store.delete(key);
    if (this.shapes.remove(before.object)) this.mayHaveOtherClients = true;
    this.noteRevision(key, before.object, undefined);
  }

  /**
   * Judges the next of the hosts that wait.
   * @returns what has changed; empty where nothing has, or nothing waits
   */
  step(): HostVerdicts[] {
    this.lookAtClients();
    const hosts = new Set<string>();
    for (const queue of [this.urgent, this.pending]) {
      for (const host of queue) {
        if (hosts.size >= CHUNK) break;
        queue.delete(host);
        hosts.add(host);
      }
    }
    if (hosts.size === 0) return [];
    const found = this.judgeHosts(hosts);
    const changed: HostVerdicts[] = [];
    for (const host of hosts) {
      const now = found.get(host) ?? { host, answers: 0, findings: [] };
      const before = this.known.get(host) ?? { host, answers: 0, findings: [] };
      if (now.answers === 0) this.known.delete(host);
      else this.known.set(host, now);
      if (!isSame(before, now)) changed.push(now);
    }
    return changed;
  }

  /** Other clients are to be judged for everywhere. */
  private lookAtClients(): void {
    if (!this.mayHaveOtherClients) return;
    this.mayHaveOtherClients = false;
    const clients = JSON.stringify(this.clients);
    if (clients === this.judgedFor) return;
    this.judgedFor = clients;
    this.concernAll();
  }

  private judgeHosts(hosts: ReadonlySet<string>): Map<string, HostVerdicts> {
    const mesh = readMesh(this.objectsFor(hosts) as KubeObject[], this.facts);
    const byHost = new Map<string, { host: string; answers: number; findings: Verdict[] }>();
    const isAsked = (verdict: Verdict) => hosts.has(this.aliasHost(verdict));
    for (const classes of judgeClasses(mesh, this.clients)) {
      const wrong = classes.map(({ verdicts, clients }) => {
        const asked = verdicts.filter(isAsked);
        for (const verdict of asked) {
          const host = this.aliasHost(verdict);
          let known = byHost.get(host);
          if (!known) byHost.set(host, (known = { host, answers: 0, findings: [] }));
          known.answers += clients.length;
        }
        return { verdicts: asked.filter((one) => one.verdict !== "ok"), clients };
      });
      for (const finding of writtenOut([wrong])) {
        byHost.get(this.aliasHost(finding))?.findings.push(finding);
      }
    }
    return byHost;
  }

  /** The host that a verdict's alias is called by. */
  private aliasHost({ alias: { kind, name, namespace }, host }: Verdict): string {
    if (kind === "Service") return serviceHost(name, namespace, this.facts.clusterDomain);
    return kind === "Host" ? name : host;
  }

  /** All objects that can make a difference to some hosts, in the order of all objects. */
  private objectsFor(hosts: ReadonlySet<string>): Plain[] {
    const found = new Set<Stored>(this.store.everywhere);
    const reached = new Set(hosts);
    // The set grows while it is walked: what is found leads to more.
    for (const host of reached) {
      for (const stored of [...this.store.about(host), ...this.store.wildcardRulesFor(host)]) {
        if (found.has(stored)) continue;
        found.add(stored);
        for (const next of stored.leadsTo) reached.add(next);
        for (const workload of this.workloadsFor(stored)) {
          found.add(workload);
          for (const next of workload.leadsTo) reached.add(next);
        }
      }
    }
    // Whether a revision is judged at all depends on the rules that are labelled for it.
    for (const [key = ""] of [...this.revisions.values()].map((keys) => [...keys])) {
      const rule = this.store.get(key);
      if (rule) found.add(rule);
    }
    return [...found].sort((a, b) => a.order - b.order).map(({ object }) => object);
  }

  /** Pods and WorkloadEntries that may stand behind an object. */
  private workloadsFor({ object }: Stored): Stored[] {
    const { kind, namespace } = refOf(object);
    if (kind === "EndpointSlice" || kind === "Endpoints") {
      return endpointsIn(object).flatMap(({ address, pod }) => [
        ...this.store.at(pod === undefined ? `address/${namespace}/${address}` : `pod/${pod}`),
      ]);
    }
    if (kind !== "Service" && kind !== "ServiceEntry") return [];
    const selects = isPlain(
      at(object, "spec", kind === "Service" ? "selector" : "workloadSelector"),
    );
    if (!selects) return [];
    const entries = [...this.store.at(`entries/${namespace}`)];
    return kind === "Service" ? entries : [...entries, ...this.store.at(`pods/${namespace}`)];
  }

  /** Puts the hosts in the queue that an object, as it was or as it is, makes a difference to. */
  private concern(stored: Stored): void {
    const { object } = stored;
    if (isGlobal(object)) {
      this.concernAll();
      return;
    }
    const about = [...stored.hosts, ...this.hostsBehind(stored)];
    for (const host of about) {
      if (object.kind === "DestinationRule") this.concernRule(host);
      else this.concernHost(host);
    }
  }

  /** The hosts that a workload may serve. */
  private hostsBehind({ object }: Stored): string[] {
    const { kind, namespace, name } = refOf(object);
    const found: Stored[] = [];
    if (kind === "WorkloadEntry") found.push(...this.store.at(`selecting/${namespace}`));
    if (kind === "Pod") {
      const address = text(at(object, "status", "podIP"));
      const selecting = [...this.store.at(`selecting/${namespace}`)];
      found.push(
        ...selecting.filter((one) => one.object.kind === "ServiceEntry"),
        ...this.store.at(`endpoint-pod/${namespace}/${name}`),
        ...this.store.at(`endpoint-address/${namespace}/${address}`),
      );
    }
    return found.flatMap(({ hosts }) => hosts);
  }

  private concernRule(host: string): void {
    if (isWildcard(host)) {
      const covered = [...this.store.knownHosts()].filter((known) => isCoveredBy(known, host));
      this.concernHosts([...covered, host], this.pending);
    } else {
      this.concernHost(host);
    }
    // A host that the facts name is an alias by itself, or by the rules for it.
    for (const pattern of this.facts.externalHosts) {
      if (isCoveredBy(pattern, host) || isCoveredBy(host, pattern)) this.urgent.add(pattern);
    }
  }

  private concernHost(host: string): void {
    this.concernHosts([host], this.urgent);
  }

  /** Puts hosts in a queue, and all those whose calls lead there. */
  private concernHosts(hosts: Iterable<string>, queue: Set<string>): void {
    const reached = new Set(hosts);
    for (const one of reached) {
      if (this.urgent.has(one)) continue;
      if (queue === this.urgent) this.pending.delete(one);
      queue.add(one);
      for (const leading of this.store.leadingTo(one)) {
        const leadingHosts =
          leading.object.kind === "WorkloadEntry" ? this.hostsBehind(leading) : leading.hosts;
        for (const next of leadingHosts) reached.add(next);
      }
    }
  }

  private concernAll(): void {
    for (const host of [
      ...this.store.knownHosts(),
      ...this.known.keys(),
      ...this.facts.externalHosts,
    ]) {
      if (!this.urgent.has(host)) this.pending.add(host);
    }
  }

  private noteRevision(key: string, before: Plain | undefined, after: Plain | undefined): void {
    const [old, now] = [revisionOf(before), revisionOf(after)];
    if (old === now) return;
    if (old !== "") {
      const keys = this.revisions.get(old);
      keys?.delete(key);
      if (keys?.size === 0) {
        this.revisions.delete(old);
        this.concernAll();
      }
    }
    if (now === "") return;
    const keys = this.revisions.get(now);
    if (keys) {
      keys.add(key);
      return;
    }
    this.revisions.set(now, new Set([key]));
    this.concernAll();
  }
}

function revisionOf(object: Plain | undefined): string {
  return object?.kind === "DestinationRule"
    ? text(at(object, "metadata", "labels", "istio.io/rev"))
    : "";
}

function isSame(a: HostVerdicts, b: HostVerdicts): boolean {
  const textOf = ({ findings }: HostVerdicts) =>
    JSON.stringify(findings.map((finding) => ({ ...finding, clientIndex: 0 })));
  return a.answers === b.answers && textOf(a) === textOf(b);
}
