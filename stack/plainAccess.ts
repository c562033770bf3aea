import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { RequestOptions } from "node:https";
import { load } from "js-yaml";

/** How an API server is reached: its URL, and what a request of Node's own needs to be let in. */
export interface PlainAccess {
  server: string;
  options: RequestOptions;
}

/** The fields of a kubeconfig's cluster and of its user that need nothing but a request's options. */
const OF_CLUSTER = ["server", "certificate-authority-data", "extensions"];
const OF_USER = ["client-certificate-data", "client-key-data", "token"];
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/**
 * The access that a kubeconfig gives by the certificates and the token that stand in it. Kubernetes' client
 * library knows all other ways, too, and takes half a second to load.
 *
 * @param kubeconfig a path, or what is in the file. @default KUBECONFIG
 * @param context @default the kubeconfig's current one
 * @returns undefined where it takes more than that, or something is wrong
 */
export function plainAccess(kubeconfig?: string, context?: string): PlainAccess | undefined {
  if (PROXIES.some((name) => process.env[name] || process.env[name.toLowerCase()]))
    return undefined;
  try {
    return accessIn(load(contentOf(kubeconfig)) as Fields, context);
  } catch {
    return undefined;
  }
}

/** As the Kubernetes provider reads it: `~` is the home folder. */
export function kubeconfigPath(kubeconfig: string): string {
  return kubeconfig.replace(/^~(?=\/|$)/, homedir());
}

/** What is no file is its content. */
function contentOf(kubeconfig: string | undefined): string {
  if (kubeconfig === undefined) return readFileSync(process.env.KUBECONFIG ?? "", "utf8");
  const file = kubeconfigPath(kubeconfig);
  return existsSync(file) ? readFileSync(file, "utf8") : kubeconfig;
}

type Fields = Readonly<Record<string, unknown>>;

function accessIn(config: Fields, chosen: string | undefined): PlainAccess | undefined {
  const context = entryOf(config["contexts"], chosen ?? config["current-context"], "context");
  const cluster = entryOf(config["clusters"], context["cluster"], "cluster");
  const user = entryOf(config["users"], context["user"], "user");
  if (!hasOnly(cluster, OF_CLUSTER) || !hasOnly(user, OF_USER)) return undefined;
  const server = textOf(cluster["server"]);
  if (server === undefined) return undefined;
  const token = textOf(user["token"]);
  const options = {
    ca: decoded(cluster["certificate-authority-data"]),
    cert: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
  };
  return { server: server.replace(/\/$/, ""), options };
}

/** @throws where there is none */
function entryOf(list: unknown, name: unknown, key: string): Fields {
  const found = (list as Fields[]).find((entry) => entry["name"] === name);
  return (found as Fields)[key] as Fields;
}

function hasOnly(fields: Fields, names: readonly string[]): boolean {
  return Object.keys(fields).every((name) => names.includes(name));
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function decoded(value: unknown): Buffer | undefined {
  const base64 = textOf(value);
  return base64 === undefined ? undefined : Buffer.from(base64, "base64");
}
