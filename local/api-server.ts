import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import type { KubeObject } from "./kube-object.js";

/** Who owns the fields of what a plane puts into its own cluster. */
const FIELD_MANAGER = "istio-egress-plane";

/** Where an API server is, and files of what its administrator is let in with. */
export interface Administrator {
  url: string;
  ca: string;
  cert: string;
  key: string;
}

/** A request that the API server answered, and not as it was meant. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/**
 * A plane's API server. What a plane needs of Kubernetes' client library is three requests, and to load it
 * takes longer than they do.
 */
export class AdminClient {
  readonly #url: string;
  readonly #agent: Agent;
  /** By `group/version`: which resources it has, as soon as somebody wants one. */
  readonly #resources = new Map<string, Promise<ApiResource[]>>();

  constructor({ url, ...files }: Administrator) {
    const [ca, cert, key] = [files.ca, files.cert, files.key].map((file) => readFileSync(file));
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4, ca, cert, key });
  }

  /** Creates an object, or makes it what is given (server-side apply). */
  async apply(object: KubeObject): Promise<void> {
    const query = `fieldManager=${FIELD_MANAGER}&force=true`;
    const path = `${await this.#place(object)}/${object.metadata.name}?${query}`;
    await this.#send("PATCH", path, object);
  }

  /** What would be made of a new object by all who have a say in it. Nothing is created. */
  async tryCreate(object: KubeObject): Promise<KubeObject> {
    return this.#send("POST", `${await this.#place(object)}?dryRun=All`, object);
  }

  /** @throws RefusedError if it isn't there */
  async read(object: KubeObject): Promise<KubeObject> {
    return this.#send("GET", `${await this.#place(object)}/${object.metadata.name}`);
  }

  /** @throws when the API server doesn't list the kind among those that it serves */
  async requireKind(apiVersion: string, kind: string): Promise<void> {
    await this.#resourceOf(groupPath(apiVersion), kind);
  }

  /** The path of the resource that an object is one of. */
  async #place({ apiVersion, kind, metadata }: KubeObject): Promise<string> {
    const group = groupPath(apiVersion);
    const found = await this.#resourceOf(group, kind);
    const namespace = found.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${group}${namespace}/${found.name}`;
  }

  async #resourceOf(group: string, kind: string): Promise<ApiResource> {
    const known = this.#resources.get(group) ?? this.#discover(group);
    this.#resources.set(group, known);
    const found = (await known).find(
      (resource) => resource.kind === kind && !resource.name.includes("/"),
    );
    if (found) return found;
    // It may have been defined since.
    this.#resources.delete(group);
    throw new Error(`${this.#url}${group} has no ${kind}`);
  }

  async #discover(group: string): Promise<ApiResource[]> {
    const list = await this.#send<{ resources: ApiResource[] }>("GET", group).catch(
      (error: unknown) => {
        this.#resources.delete(group);
        throw error;
      },
    );
    return list.resources;
  }

  #send<T = KubeObject>(method: string, path: string, body?: object): Promise<T> {
    const type =
      method === "PATCH" ? "application/apply-patch+yaml" : "application/json;charset=utf-8";
    return new Promise((resolve, reject) => {
      const sent = request(
        `${this.#url}${path}`,
        {
          method,
          agent: this.#agent,
          headers: { accept: "application/json", "content-type": type },
        },
        (response) => {
          text(response)
            .then((answer) => {
              const status = response.statusCode ?? 0;
              if (status >= 200 && status < 300) return resolve(JSON.parse(answer) as T);
              const where = `${method} ${path.replace(/\?.*/, "")}`;
              reject(new RefusedError(status, `${where}: ${status} ${messageIn(answer)}`));
            })
            .catch(reject);
        },
      );
      sent.on("error", reject);
      // JSON is YAML, too.
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** Where the API server lists the kinds of a group in one version. */
function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** What a `Status` of Kubernetes says; another answer as it is. */
function messageIn(answer: string): string {
  try {
    return (JSON.parse(answer) as { message?: string }).message ?? answer;
  } catch {
    return answer.trim();
  }
}
