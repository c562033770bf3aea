import {
  istioConfigMap,
  OPTIONAL_RESOURCES,
  RESOURCES,
  versionOfIstiod,
  withoutIstio,
} from "../input/cluster.js";
import { type MeshConfig, meshConfigName, readMeshConfig } from "../input/mesh-config.js";
import { type ApiServer, Refusal, type Resource } from "../kube/api-server.js";
import { Mistake } from "../mistake.js";
import {
  type Client,
  type HostVerdicts,
  IncrementalJudge,
  type KubeObject,
  type MeshFacts,
} from "../../mesh/index.js";
import { Reflector, type Sink } from "./reflector.js";

/** Who hears of a mesh that is watched. */
export interface Listener {
  /** Answers that have changed, soon after what changed them. @param latency milliseconds since then */
  changed(hosts: readonly HostVerdicts[], latency: number): void;
  /** All is judged that had changed so far. */
  settled(): void;
  /** A watch broke off, and is begun again. */
  interrupted(resource: Resource, why: Error): void;
  /** A resource is listed again, since its last version has expired. */
  expired(resource: Resource): void;
  /** Something that a person should know, a sentence. */
  noted(note: string): void;
}

/** A live cluster, judged again as its objects change. */
export class WatchedMesh implements Sink {
  judge: IncrementalJudge;
  private readonly reflectors: Reflector[];
  private readonly config: Reflector;
  /** What the ConfigMap and istiod's image say; the user's own word counts before. */
  private configured: Partial<MeshFacts> = {};
  private facts: Partial<MeshFacts>;
  private changedAt: number | undefined;
  private isScheduled = false;
  private isReading = true;

  /**
   * @param said facts that the user gave
   * @param clients whose sidecars to judge for. @default those that the objects name
   */
  constructor(
    private readonly server: ApiServer,
    private readonly said: Partial<MeshFacts>,
    private readonly clients: readonly Client[] | undefined,
    private readonly listener: Listener,
  ) {
    this.facts = said;
    this.judge = new IncrementalJudge(said, clients);
    const reflect = (resource: Resource, isOptional: boolean) =>
      new Reflector(server, resource, this, isOptional);
    this.reflectors = [
      ...RESOURCES.map((resource) => reflect(resource, false)),
      ...OPTIONAL_RESOURCES.map((resource) => reflect(resource, true)),
    ];
    const { rootNamespace = "istio-system", revision = "default" } = said;
    const name = meshConfigName(revision);
    const resource: Resource = {
      path: `/api/v1/namespaces/${rootNamespace}`,
      plural: "configmaps",
      query: `fieldSelector=metadata.name%3D${name}`,
    };
    const sink: Sink = {
      set: (object) => this.configure(object),
      delete: () => this.configure(undefined),
      interrupted: (_, why) => listener.interrupted(resource, why),
      expired: () => listener.expired(resource),
    };
    this.config = new Reflector(server, { ...resource }, sink, true);
  }

  /**
   * Reads everything once.
   * @returns what can't be read and may be missing, a sentence each
   * @throws {Mistake} if the API server can't be reached or refuses, or Istio isn't there
   */
  async read(): Promise<string[]> {
    const notes: string[] = [];
    const optional = new Set(OPTIONAL_RESOURCES);
    for (const reflector of [this.config, ...this.reflectors]) {
      const { resource } = reflector;
      await reflector.list().catch((error: unknown) => {
        if (!(error instanceof Refusal)) throw error;
        const isOptional = reflector === this.config || optional.has(resource);
        if (!isOptional) throw error.status === 404 ? withoutIstio(this.server, resource) : error;
        if (error.status !== 404) {
          notes.push(
            `${resource.plural} can't be read (${error.status}); judging as if there were none.`,
          );
        }
      });
    }
    this.isReading = false;
    this.refit();
    return notes;
  }

  /** Follows every change until the signal is given. */
  async follow(signal: AbortSignal): Promise<void> {
    this.schedule();
    await Promise.all([this.config, ...this.reflectors].map((each) => each.follow(signal)));
  }

  set(object: KubeObject): void {
    this.changedAt ??= performance.now();
    this.judge.set(object);
    if (object.kind === "Pod" && isIstiod(object)) this.refit();
    this.schedule();
  }

  delete(object: KubeObject): void {
    this.changedAt ??= performance.now();
    this.judge.delete(object);
    if (object.kind === "Pod" && isIstiod(object)) this.refit();
    this.schedule();
  }

  interrupted(resource: Resource, why: Error): void {
    this.listener.interrupted(resource, why);
  }

  expired(resource: Resource): void {
    this.listener.expired(resource);
  }

  private configure(configMap: KubeObject | undefined): void {
    const { rootNamespace = "istio-system", revision = "default" } = this.said;
    try {
      const where = `ConfigMap ${rootNamespace}/${meshConfigName(revision)}`;
      const { facts, notes } = configMap ? configIn(configMap, where) : NOTHING_SAID;
      this.configured = facts;
      for (const note of notes) this.listener.noted(note);
    } catch (error) {
      this.listener.noted(`${(error as Error).message} What was known before still holds.`);
    }
    this.refit();
  }

  /** Judges all of it anew where the mesh itself has become another. */
  private refit(): void {
    if (this.isReading) return;
    const objects = [...this.judge.objects()] as KubeObject[];
    const { rootNamespace = "istio-system" } = { ...this.configured, ...this.said };
    const manifests = objects.filter(({ kind }) => kind === "Pod").map((object) => ({ object }));
    const istioVersion = versionOfIstiod(manifests, rootNamespace);
    const facts = { ...this.configured, ...(istioVersion && { istioVersion }), ...this.said };
    if (JSON.stringify(facts) === JSON.stringify(this.facts)) return;
    this.facts = facts;
    this.judge = new IncrementalJudge(facts, this.clients);
    for (const object of objects) this.judge.set(object);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled || this.isReading) return;
    this.isScheduled = true;
    setImmediate(() => this.work());
  }

  /** Judges some hosts at a time, so that what comes meanwhile is heard, and goes first. */
  private work(): void {
    this.isScheduled = false;
    const since = this.changedAt ?? performance.now();
    const changed = this.judge.step();
    if (changed.length > 0) this.listener.changed(changed, performance.now() - since);
    if (this.judge.waiting > 0) {
      this.schedule();
      return;
    }
    this.changedAt = undefined;
    this.listener.settled();
  }
}

const NOTHING_SAID: MeshConfig = { facts: {}, notes: [] };

function configIn(configMap: KubeObject, where: string): MeshConfig {
  const read = istioConfigMap.safeParse(configMap);
  if (read.success) return readMeshConfig(read.data.data.mesh, where);
  throw new Mistake(`${where}: no text under data.mesh.`);
}

function isIstiod({ metadata }: KubeObject): boolean {
  const { labels } = (metadata ?? {}) as { labels?: Record<string, string> };
  return labels?.app === "istiod";
}
