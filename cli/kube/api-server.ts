import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import type { Plane } from "../../local/plane.js";
import { Mistake } from "../mistake.js";
import type { KubeObject } from "../../mesh/index.js";

/** Which cluster, as kubectl would choose it. */
export interface ClusterChoice {
  /** @default KUBECONFIG, else ~/.kube/config, else the Pod's own account */
  kubeconfig?: string;
  /** What is in a kubeconfig that is no file. */
  content?: string;
  /** @default the kubeconfig's current one */
  context?: string;
}

/** Where a resource is: `/api/v1` and `services`, `/apis/networking.istio.io/v1` and so on. */
export interface Resource {
  path: string;
  plural: string;
  /** Which of them, as in `fieldSelector=metadata.name%3Distio`. @default all */
  query?: string;
}

/** A change of an object, as the API server sends it to a watch. */
export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: KubeObject & { metadata?: { resourceVersion?: string } };
}

const PATIENCE_MS = 15_000;
/** A watch says something every minute; one that doesn't is dead, though nobody has hung up. */
const WATCH_PATIENCE_MS = 150_000;
/** Seconds after which the API server ends a watch by itself. */
const WATCH_S = 300;
const PAGE = 500;

/** How an API server lets one in. */
interface Access {
  /** Whose it is, for people. */
  name: string;
  /** What to do about a server that can't be reached. */
  remedy: string;
  /** Adds the credentials to a request's options. */
  authorize(options: https.RequestOptions): Promise<void>;
  /** Where the access comes from one. */
  config?: KubeConfig;
}

/** One Kubernetes API server, only read: every request here is a GET. */
export class ApiServer {
  private constructor(
    /** Its URL. */
    readonly server: string,
    private readonly access: Access,
  ) {}

  /** An embedded mesh's. It loads none of Kubernetes' client library, which takes half a second. */
  static of({ apiServer, admin }: Plane): ApiServer {
    const [ca, cert, key] = [admin.ca, admin.cert, admin.key].map((file) => readFileSync(file));
    const agent = new https.Agent({ keepAlive: true, ca, cert, key });
    return new ApiServer(apiServer, {
      name: "the embedded mesh",
      remedy: "It is the embedded mesh's: repair that with  npm run up.",
      authorize: (options) => {
        options.agent = agent;
        return Promise.resolve();
      },
    });
  }

  /** @throws {Mistake} if there is no such kubeconfig or context */
  static async from(choice: ClusterChoice): Promise<ApiServer> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    try {
      if (choice.content !== undefined) config.loadFromString(choice.content);
      else if (choice.kubeconfig !== undefined) config.loadFromFile(choice.kubeconfig);
      else config.loadFromDefault();
    } catch (error) {
      // An error in the content would be reported with a line of it, which may be a secret.
      if (choice.content !== undefined) throw new Mistake("the stack's kubeconfig isn't one.");
      const name = choice.kubeconfig ?? process.env.KUBECONFIG ?? "kubeconfig";
      throw new Mistake(`${name}: can't be read as a kubeconfig: ${(error as Error).message}.`);
    }
    refuseGuess(config);
    if (choice.context !== undefined) useContext(config, choice.context);
    const context = `context "${config.getCurrentContext()}"`;
    return new ApiServer(serverOf(config), {
      name: `the kubeconfig's ${context}`,
      remedy: `It is the one of ${context}: start it, or choose another with --kubeconfig and --context.`,
      authorize: (options) => config.applyToHTTPSOptions(options),
      config,
    });
  }

  /** The kubeconfig, for what else needs it, such as a port-forward. */
  get config(): KubeConfig {
    if (this.access.config) return this.access.config;
    throw new Error(`${this.access.name} is reached without a kubeconfig`);
  }

  /** The JSON object at a path. */
  async get(path: string): Promise<object>;
  /**
   * What is at a path.
   *
   * @param shape what it must look like
   * @throws {Mistake} if the server can't be reached, refuses, or answers with something else
   */
  async get<T>(path: string, shape: z.ZodType<T>): Promise<T>;
  async get(path: string, shape: z.ZodType = OBJECT): Promise<unknown> {
    const response = await this.request(path);
    const body = await text(response).catch((error: Error) => {
      throw this.unreachable(error);
    });
    if (response.statusCode !== 200) throw this.refusal(path, response.statusCode ?? 0, body);
    const { success, data, error } = shape.safeParse(parsed(body));
    if (success) return data;
    throw this.nonsense(path, body, error);
  }

  /** The same, or undefined where there is nothing. */
  async find<T = object>(path: string, shape?: z.ZodType<T>): Promise<T | undefined> {
    try {
      return await (shape ? this.get(path, shape) : (this.get(path) as Promise<T>));
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Every object of a resource in all namespaces, page by page, each with its kind filled in.
   * @returns the version of the whole, from which it can be watched
   */
  async *list({ path, plural, query: which }: Resource): AsyncGenerator<object, string> {
    for (let next = ""; ;) {
      const page = `limit=${PAGE}${next && `&continue=${encodeURIComponent(next)}`}`;
      const query = which === undefined ? page : `${which}&${page}`;
      const list = await this.get(`${path}/${plural}?${query}`, OBJECT_LIST);
      const kind = list.kind.replace(/List$/, "");
      for (const item of list.items) yield { apiVersion: list.apiVersion, kind, ...item };
      next = list.metadata?.continue ?? "";
      if (next === "") return list.metadata?.resourceVersion ?? "";
    }
  }

  /**
   * The changes of a resource since a version, until the API server ends the watch, which it does from
   * time to time.
   *
   * @throws {Mistake} if it can't be reached any more, or refuses
   */
  async *watch(
    { path, plural, query: which }: Resource,
    version: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const query = new URLSearchParams(which);
    query.set("watch", "true");
    query.set("allowWatchBookmarks", "true");
    query.set("resourceVersion", version);
    query.set("timeoutSeconds", String(WATCH_S));
    const url = `${path}/${plural}?${query.toString()}`;
    const response = await this.request(url, WATCH_PATIENCE_MS, signal);
    if (response.statusCode !== 200) {
      throw this.refusal(url, response.statusCode ?? 0, await text(response));
    }
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
        const event = parsed(line) as WatchEvent | undefined;
        // A line that was cut off is the end of the connection.
        if (event === undefined) return;
        yield event;
      }
    } catch (error) {
      throw this.unreachable(error as Error);
    } finally {
      response.destroy();
    }
  }

  private async request(
    path: string,
    patience = PATIENCE_MS,
    signal?: AbortSignal,
  ): Promise<http.IncomingMessage> {
    const options: https.RequestOptions = { headers: { accept: "application/json" } };
    await this.access.authorize(options).catch((error: Error) => {
      throw this.unusable(error);
    });
    const { request } = this.server.startsWith("https:") ? https : http;
    return new Promise((resolve, reject) => {
      let sent: http.ClientRequest;
      try {
        sent = request(new URL(this.server + path), options, resolve);
      } catch (error) {
        // A certificate or key that isn't one, or a server that isn't a URL.
        return reject(this.unusable(error as Error));
      }
      sent.setTimeout(patience, () =>
        sent.destroy(new Error(`no answer within ${patience / 1000} s`)),
      );
      const abort = () => sent.destroy();
      signal?.addEventListener("abort", abort, { once: true });
      sent.once("close", () => signal?.removeEventListener("abort", abort));
      sent.on("error", (error) => reject(this.unreachable(error)));
      sent.end();
    });
  }

  private unreachable(error: Error): Mistake {
    return new Mistake(
      `the API server ${this.server} can't be reached: ${reasonOf(error)}.\n` + this.access.remedy,
    );
  }

  /** What is in the kubeconfig is never repeated: it may hold credentials. */
  private unusable(error: Error): Mistake {
    const { code } = error as NodeJS.ErrnoException;
    return new Mistake(
      `${this.access.name} can't be used` +
        `${code === undefined ? "" : ` (${code})`}: its server, certificate or key is damaged. ` +
        "Write the kubeconfig again, or choose another with --kubeconfig and --context.",
    );
  }

  private nonsense(path: string, body: string, error: z.ZodError): Mistake {
    const { path: at = [], message = "" } = error.issues[0] ?? {};
    const where = at.length === 0 ? "" : `, at ${at.join(".")}`;
    const start = body.trim().slice(0, 60);
    return new Mistake(
      `${this.server} answered GET ${path.replace(/\?.*/, "")} with something that no API server of ` +
        `Kubernetes says${where} (${message}): ${start === "" ? "nothing" : start}\n` +
        "Choose another cluster with --kubeconfig and --context.",
    );
  }

  private refusal(path: string, status: number, body: string): Refusal {
    const { message = body.trim() } = parseStatus(body);
    const remedy: Record<number, string> = {
      401: "\nThe credentials of this context are not valid (any more): log in again.",
      403: "\nAsk for a role that may get and list it, or use another --context.",
    };
    return new Refusal(
      status,
      `the API server ${this.server} answered ${status} to GET ${path.replace(/\?.*/, "")}: ` +
        message +
        (remedy[status] ?? ""),
    );
  }
}

/** The API server answered, and it isn't what was requested. */
export class Refusal extends Mistake {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const OBJECT = z.looseObject({});

/** A list of objects of one resource, or a page of it. */
const OBJECT_LIST = z.object({
  apiVersion: z.string().optional(),
  kind: z.string(),
  metadata: z
    .object({ continue: z.string().optional(), resourceVersion: z.string().optional() })
    .optional(),
  items: z.array(OBJECT),
});

/** Undefined where it isn't JSON. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function useContext(config: KubeConfig, context: string) {
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new Mistake(`there is no context "${context}"; the kubeconfig has: ${known.join(", ")}.`);
  }
  config.setCurrentContext(context);
}

/** What client-node takes if it finds nothing at all. */
function refuseGuess(config: KubeConfig) {
  const cluster = config.getCurrentCluster();
  if (cluster?.name !== "cluster" || cluster.server !== "http://localhost:8080") return;
  throw new Mistake("no cluster is chosen: set KUBECONFIG, or give --kubeconfig FILE.");
}

function serverOf(config: KubeConfig): string {
  const cluster = config.getCurrentCluster();
  if (cluster) return cluster.server.replace(/\/$/, "");
  throw new Mistake(
    `the kubeconfig's context "${config.getCurrentContext()}" names no cluster that it has; ` +
      "choose one with --context.",
  );
}

/** Why a connection failed: several addresses that were tried make one error without a message. */
function reasonOf(error: Error): string {
  const { errors } = error as AggregateError;
  return (errors?.[0] as Error | undefined)?.message ?? error.message;
}

/** A `Status` of Kubernetes, if it is one. */
function parseStatus(body: string): { message?: string } {
  const status = z.object({ message: z.string() }).safeParse(parsed(body));
  return status.success ? status.data : {};
}
