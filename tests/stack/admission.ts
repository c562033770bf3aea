import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";
import type { KubeObject } from "../../mesh/index.js";

/** What an API server says to a request. */
export interface Answer {
  status: number;
  /** Why not; empty if it went well. */
  message: string;
  /** What it warns of. */
  warnings: string[];
  object: KubeObject & { message?: string };
}

const PLURALS: Record<string, string> = {
  Namespace: "namespaces",
  Endpoints: "endpoints",
  ValidatingAdmissionPolicy: "validatingadmissionpolicies",
};

/** Writes objects as any client does, and tells the whole answer: the code, the reason, the warnings. */
export class Admission {
  readonly #server: string;
  readonly #agent: Agent;

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const cluster = config.getCurrentCluster()!;
    const user = config.getCurrentUser()!;
    const data = (inline: string | undefined, file: string | undefined) =>
      inline === undefined ? readFileSync(file!) : Buffer.from(inline, "base64");
    this.#server = cluster.server;
    this.#agent = new Agent({
      keepAlive: true,
      ca: data(cluster.caData, cluster.caFile),
      cert: data(user.certData, user.certFile),
      key: data(user.keyData, user.keyFile),
    });
  }

  create(object: KubeObject): Promise<Answer> {
    return this.#send("POST", collectionOf(object), object);
  }

  /** Asks what a create would come to, and creates nothing. */
  tryToCreate(object: KubeObject): Promise<Answer> {
    return this.#send("POST", `${collectionOf(object)}?dryRun=All`, object);
  }

  /** Replaces a whole object (PUT). */
  replace(object: KubeObject): Promise<Answer> {
    return this.#send("PUT", pathOf(object), object);
  }

  /** Merges fields into an object (PATCH). */
  patch(object: KubeObject, fields: object): Promise<Answer> {
    return this.#send("PATCH", pathOf(object), fields, "application/merge-patch+json");
  }

  async delete(object: KubeObject): Promise<void> {
    await this.#send("DELETE", pathOf(object));
  }

  read(object: KubeObject): Promise<Answer> {
    return this.#send("GET", pathOf(object));
  }

  /** Everything that the server counts, as Prometheus reads it. */
  async metrics(): Promise<string> {
    return (await this.#raw("GET", "/metrics")).body;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, body?: object, type?: string): Promise<Answer> {
    const { status, warning, body: answer } = await this.#raw(method, path, body, type);
    const object = JSON.parse(answer) as Answer["object"];
    const message = status < 300 ? "" : (object.message ?? answer);
    const warnings = [...warning.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, said]) => said!);
    return { status, message, warnings, object };
  }

  #raw(method: string, path: string, body?: object, type = "application/json") {
    return new Promise<{ status: number; warning: string; body: string }>((resolve, reject) => {
      const headers = { "content-type": type, accept: "application/json, */*" };
      const sent = request(
        `${this.#server}${path}`,
        { method, headers, agent: this.#agent },
        (response) => {
          const { statusCode: status = 0, headers } = response;
          const warning = [headers.warning ?? ""].flat().join(", ");
          text(response).then((answer) => resolve({ status, warning, body: answer }), reject);
        },
      );
      sent.once("error", reject).end(body && JSON.stringify(body));
    });
  }
}

function collectionOf({ apiVersion = "", kind = "", metadata }: KubeObject): string {
  const { namespace } = (metadata ?? {}) as { namespace?: string };
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${group}${place}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}`;
}

function pathOf(object: KubeObject): string {
  const { name } = object.metadata as { name: string };
  return `${collectionOf(object)}/${name}`;
}
