import { setTimeout as pause } from "node:timers/promises";
import { type ApiServer, Refusal, type Resource, type WatchEvent } from "../kube/api-server.js";
import type { KubeObject } from "../../mesh/index.js";
import { trimmed } from "./trimmed.js";

/** What is called with each change of the objects of a resource. */
export interface Sink {
  set(object: KubeObject): void;
  delete(object: KubeObject): void;
  /** A watch has ended other than by itself; it is begun again. */
  interrupted(resource: Resource, why: Error): void;
  /** The API server doesn't know the last version any more; everything is listed again. */
  expired(resource: Resource): void;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** How long until it is looked again whether a resource that may be missing has come. */
const MISSING_PAUSE_MS = 60_000;

/**
 * Keeps up with all objects of one resource: lists them once, then follows their changes from that
 * version on. What breaks off is taken up where it was; where the API server doesn't know the version
 * any more (410), everything is listed again and compared, so that nothing is lost either way.
 */
export class Reflector {
  /** The last state of each object, by namespace and name. */
  private known = new Map<string, KubeObject>();
  /** Where to go on watching; undefined: list first. */
  private version: string | undefined;

  /** @param isOptional whether a cluster may not have it, or not show it */
  constructor(
    private readonly server: ApiServer,
    readonly resource: Resource,
    private readonly sink: Sink,
    private readonly isOptional = false,
  ) {}

  /** Reads all objects, and reports what differs from what was known. */
  async list(): Promise<void> {
    const found = new Map<string, KubeObject>();
    const listing = this.server.list(this.resource);
    for (;;) {
      const next = await listing.next();
      if (next.done) {
        this.version = next.value;
        break;
      }
      const object = trimmed(next.value as KubeObject);
      found.set(nameOf(object), object);
    }
    for (const [name, object] of this.known) if (!found.has(name)) this.sink.delete(object);
    for (const object of found.values()) this.sink.set(object);
    this.known = found;
  }

  /** Follows the changes until the signal is given. */
  async follow(signal: AbortSignal): Promise<void> {
    let wait = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        if (this.version === undefined) await this.list();
        await this.watchOnce(signal, () => (wait = FIRST_PAUSE_MS));
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refusal && error.status === 410) {
          this.version = undefined;
          this.sink.expired(this.resource);
          continue;
        }
        const isMissing = this.isOptional && error instanceof Refusal && error.status < 500;
        if (isMissing) this.version = undefined;
        else this.sink.interrupted(this.resource, error as Error);
        await pause(isMissing ? MISSING_PAUSE_MS : wait, undefined, { signal }).catch(() => {});
        wait = Math.min(2 * wait, LONGEST_PAUSE_MS);
      }
    }
  }

  private async watchOnce(signal: AbortSignal, onEvent: () => void): Promise<void> {
    for await (const { type, object } of this.server.watch(
      this.resource,
      this.version ?? "",
      signal,
    )) {
      if (type === "ERROR") throw errorIn(object);
      onEvent();
      if (type !== "BOOKMARK") this.take(type, object);
      this.version = object.metadata?.resourceVersion ?? this.version;
    }
  }

  private take(type: WatchEvent["type"], raw: KubeObject): void {
    const object = trimmed(raw);
    if (type === "DELETED") {
      this.known.delete(nameOf(object));
      this.sink.delete(object);
    } else {
      this.known.set(nameOf(object), object);
      this.sink.set(object);
    }
  }
}

/** A `Status` that the API server sends in place of an event. */
function errorIn(status: object): Refusal {
  const { code = 500, message = "the watch failed" } = status as {
    code?: number;
    message?: string;
  };
  return new Refusal(code, message);
}

function nameOf({ metadata }: KubeObject): string {
  const { namespace = "", name = "" } = (metadata ?? {}) as { namespace?: string; name?: string };
  return `${namespace}/${name}`;
}
