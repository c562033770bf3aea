import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";
import type { KubeConfig } from "@kubernetes/client-node";
import { Mistake } from "../mistake.js";

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
}

const PATIENCE_MS = 15_000;
const PAGE = 500;

/** One Kubernetes API server, asked and never told: everything here is a GET. */
export class ApiServer {
  private constructor(
    /** For what else needs it, such as a port-forward. */
    readonly config: KubeConfig,
    /** Its URL. */
    readonly server: string,
  ) {}

  /** @throws {Mistake} if there is no such kubeconfig or context */
  static async from(choice: ClusterChoice): Promise<ApiServer> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    try {
      if (choice.content !== undefined) config.loadFromString(choice.content);
      else if (choice.kubeconfig !== undefined) config.loadFromFile(choice.kubeconfig);
      else config.loadFromDefault();
    } catch (error) {
      // What is wrong with a content would be told with a line of it, which may be a secret.
      if (choice.content !== undefined) throw new Mistake("the stack's kubeconfig isn't one.");
      const name = choice.kubeconfig ?? process.env.KUBECONFIG ?? "kubeconfig";
      throw new Mistake(`${name}: can't be read as a kubeconfig: ${(error as Error).message}.`);
    }
    refuseGuess(config);
    if (choice.context !== undefined) useContext(config, choice.context);
    return new ApiServer(config, serverOf(config));
  }

  /** The JSON at a path. @throws {Mistake} if the server can't be reached or refuses */
  async get(path: string): Promise<unknown> {
    const response = await this.request(path);
    const body = await text(response);
    if (response.statusCode === 200) return JSON.parse(body) as unknown;
    throw this.refusal(path, response.statusCode ?? 0, body);
  }

  /** The JSON at a path, or undefined where there is nothing. */
  async find(path: string): Promise<unknown> {
    try {
      return await this.get(path);
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Every object of a resource in all namespaces, page by page, each with its kind filled in. */
  async *list({ path, plural }: Resource): AsyncGenerator<object> {
    let next = "";
    do {
      const query = `limit=${PAGE}${next && `&continue=${encodeURIComponent(next)}`}`;
      const list = (await this.get(`${path}/${plural}?${query}`)) as ObjectList;
      const kind = list.kind.replace(/List$/, "");
      for (const item of list.items) yield { apiVersion: list.apiVersion, kind, ...item };
      next = list.metadata?.continue ?? "";
    } while (next !== "");
  }

  private async request(path: string): Promise<http.IncomingMessage> {
    const options: https.RequestOptions = { headers: { accept: "application/json" } };
    await this.config.applyToHTTPSOptions(options);
    const { request } = this.server.startsWith("https:") ? https : http;
    return new Promise((resolve, reject) => {
      const sent = request(new URL(this.server + path), options, resolve);
      sent.setTimeout(PATIENCE_MS, () =>
        sent.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
      );
      sent.on("error", (error) => reject(this.unreachable(error)));
      sent.end();
    });
  }

  private unreachable(error: Error): Mistake {
    return new Mistake(
      `the API server ${this.server} can't be reached: ${reasonOf(error)}.\n` +
        `It is the one of context "${this.config.getCurrentContext()}": start it, or choose another ` +
        "with --kubeconfig and --context.",
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

/** The API server answered, and it isn't what was asked for. */
export class Refusal extends Mistake {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface ObjectList {
  apiVersion: string;
  kind: string;
  metadata?: { continue?: string };
  items: object[];
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

function parseStatus(body: string): { message?: string } {
  try {
    return JSON.parse(body) as { message?: string };
  } catch {
    return {};
  }
}
