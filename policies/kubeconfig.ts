import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type * as Yaml from "yaml";
import { map, optionalText } from "./fields.js";
import { items } from "../mesh/index.js";

/** Where a provider's objects go, as a kubeconfig says it. */
export interface Destination {
  /** The API server: host, port and path, in one form for one server. */
  server: string;
  /** The certificates that vouch for it; empty where the kubeconfig has none. */
  authorities: readonly string[];
}

/** What a provider reads of its kubeconfig. */
export interface ReadKubeconfig {
  /** Undefined where it names no cluster. */
  destination?: Destination;
  /** The namespace of objects that have none. */
  namespace?: string;
}

/** The Kubernetes provider's properties that name a cluster. Empty text is as good as none. */
export interface ClusterChoice {
  /** A path, or what is in the file. @default the ambient one */
  kubeconfig?: string;
  context?: string;
  /** The kubeconfig's name of a cluster, instead of the context's. */
  cluster?: string;
}

/** The machine that the provider runs on, which is the pack's. */
export interface Machine {
  home: string;
  /** KUBECONFIG */
  ambient: string | undefined;
  /** What is in a file; undefined where there is none that can be read. */
  read: (file: string) => string | undefined;
}

/** The machine that this runs on. */
export function thisMachine(): Machine {
  return { home: homedir(), ambient: process.env.KUBECONFIG, read };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Reads what the provider would, in its way: a path may begin with `~`, what is no file is content,
 * and the files of KUBECONFIG are merged, the first to say something winning.
 *
 * @returns undefined if no kubeconfig can be read
 */
export function readKubeconfig(
  choice: ClusterChoice,
  machine: Machine = thisMachine(),
): ReadKubeconfig | undefined {
  const config = choice.kubeconfig
    ? parsed(given(choice.kubeconfig, machine))
    : merged(ambientSources(machine).flatMap((source) => parsed(source) ?? []));
  if (!config) return undefined;
  const context = config.contexts.get(choice.context || (config.current ?? ""));
  if (choice.context && !context) return undefined;
  const cluster = config.clusters.get(choice.cluster || (context?.cluster ?? ""));
  const destination = cluster && destinationOf(cluster, machine);
  return {
    ...(destination && { destination }),
    ...(context?.namespace && { namespace: context.namespace }),
  };
}

/** A kubeconfig as it is written, and the folder that its relative paths start from. */
interface Source {
  content: string;
  folder?: string;
}

interface Kubeconfig {
  current: string | undefined;
  contexts: Map<string, { cluster: string | undefined; namespace: string | undefined }>;
  clusters: Map<string, NamedCluster>;
}

interface NamedCluster {
  fields: Record<string, unknown>;
  folder: string | undefined;
}

function given(kubeconfig: string, machine: Machine): Source {
  const file = /^~(?=\/|$)/.test(kubeconfig) ? machine.home + kubeconfig.slice(1) : kubeconfig;
  const content = machine.read(file);
  return content === undefined
    ? { content: kubeconfig }
    : { content, folder: path.dirname(path.resolve(file)) };
}

function ambientSources({ ambient, home, read }: Machine): Source[] {
  const files = ambient
    ? ambient.split(path.delimiter).filter((file) => file !== "")
    : [path.join(home, ".kube/config")];
  return files.flatMap((file) => {
    const content = read(file);
    return content === undefined ? [] : [{ content, folder: path.dirname(path.resolve(file)) }];
  });
}

function parsed({ content, folder }: Source): Kubeconfig | undefined {
  const fields = map(contentOf(content));
  if (!Array.isArray(fields.clusters)) return undefined;
  return {
    current: optionalText(fields["current-context"]),
    contexts: new Map(
      named(fields.contexts, "context").map(([name, { cluster, namespace }]) => [
        name,
        { cluster: optionalText(cluster), namespace: optionalText(namespace) },
      ]),
    ),
    clusters: new Map(
      named(fields.clusters, "cluster").map(([name, fields]) => [name, { fields, folder }]),
    ),
  };
}

function contentOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return yamlOf(content);
  }
}

function yamlOf(content: string): unknown {
  // Loaded when it is needed: most stacks have one provider, and every preview would wait for it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { parse } = require("yaml") as typeof Yaml;
  try {
    return parse(content);
  } catch {
    // An error in it would be reported with a line of it, which may be a secret.
    return undefined;
  }
}

/** The items of a kubeconfig's list, which are `{ name, <field>: ... }`. */
function named(list: unknown, field: string): [string, Record<string, unknown>][] {
  return items(list).flatMap((item): [string, Record<string, unknown>][] => {
    const name = optionalText(map(item).name);
    return name === undefined ? [] : [[name, map(map(item)[field])]];
  });
}

function merged(configs: readonly Kubeconfig[]): Kubeconfig | undefined {
  if (configs.length === 0) return undefined;
  const lastFirst = configs.toReversed();
  return {
    current: configs.find(({ current }) => current)?.current,
    contexts: new Map(lastFirst.flatMap(({ contexts }) => [...contexts])),
    clusters: new Map(lastFirst.flatMap(({ clusters }) => [...clusters])),
  };
}

function destinationOf(
  { fields, folder }: NamedCluster,
  machine: Machine,
): Destination | undefined {
  const server = serverOf(optionalText(fields.server) ?? "");
  return server === undefined
    ? undefined
    : { server, authorities: authoritiesOf(fields, folder, machine) };
}

function serverOf(url: string): string | undefined {
  const full = url.includes("://") ? url : `https://${url}`;
  if (!URL.canParse(full)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(full);
  const host = LOOPBACK.test(hostname) ? "localhost" : hostname.replace(/\.$/, "");
  return `${host}:${port || (protocol === "http:" ? "80" : "443")}${pathname.replace(/\/+$/, "")}`;
}

const LOOPBACK = /^(localhost\.?|127(\.\d+){3}|\[::1\])$/;

/** The certificates of a cluster's `certificate-authority-data` or file, each as its base64 text. */
function authoritiesOf(
  fields: Record<string, unknown>,
  folder: string | undefined,
  machine: Machine,
): string[] {
  const data = optionalText(fields["certificate-authority-data"]);
  const file = optionalText(fields["certificate-authority"]);
  const pem = data
    ? Buffer.from(data, "base64").toString()
    : file
      ? (machine.read(path.resolve(folder ?? ".", file)) ?? "")
      : "";
  const certificates = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g);
  return [...certificates].map(([, body = ""]) => body.replace(/\s+/g, ""));
}
