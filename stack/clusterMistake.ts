import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { ApiException, CoreV1Api, CustomObjectsApi, KubeConfig } from "@kubernetes/client-node";
import { kubeconfigPath } from "./plainAccess.js";

/** What is asked about a cluster. */
export interface IstioCheck {
  /** Istio's `group/version`. */
  apiVersion: string;
  /** How long the API server may take to answer. */
  patienceMs: number;
  /** Whether only what the API server says of the namespaces counts, and no answer is none. @default false */
  isPreview?: boolean;
  /** A path, or what is in the file. @default as kubectl finds it */
  kubeconfig?: string;
  /** @default the kubeconfig's current one */
  context?: string;
  /** Namespaces that must be there, because the stack doesn't make them. @default none */
  namespaces?: readonly UsedNamespace[];
  /** How the stack signs the namespaces that it makes: the annotation's key and its value. */
  signature?: readonly [string, string];
}

/** A namespace that the stack puts something into and doesn't make. */
export interface UsedNamespace {
  name: string;
  /** What is put there first, by its name: `alias my-httpbin`. */
  by: string;
  /** Where the catalogue says so: `["aliases", 3, "namespace"]`. */
  path: readonly (string | number)[];
}

/** Why a stack can't be in a cluster, and what to do. */
export interface ClusterMistake {
  message: string;
  /** The key of the catalogue that it is about, if it is about one. */
  path?: UsedNamespace["path"];
}

const UNREACHABLE = [
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
];

const INSTEAD =
  "name another cluster: `pulumi config set istio-egress:kubeconfig <path>`, `istio-egress:context <name>`";

/** What is wrong; nothing where a stack can be there. */
export function clusterMistakes(question: IstioCheck): Promise<ClusterMistake[]> {
  return question.isPreview ? mistakesInPreview(question) : mistakesInUpdate(question);
}

async function mistakesInUpdate(question: IstioCheck): Promise<ClusterMistake[]> {
  const config = new KubeConfig();
  try {
    load(config, question);
  } catch (error) {
    const why = (error as Error).message.split("\n")[0];
    return [{ message: `the kubeconfig can't be read: ${why}; ${INSTEAD}` }];
  }
  const nobody = choiceMistake(config, question);
  if (nobody !== undefined) return [{ message: nobody }];
  return Promise.race([checked(config, question), silence(config, question.patienceMs)]);
}

/** What an API server that can be reached says of the namespaces. */
async function mistakesInPreview(question: IstioCheck): Promise<ClusterMistake[]> {
  const config = new KubeConfig();
  try {
    load(config, question);
    if (choiceMistake(config, question) !== undefined) return [];
    const none = setTimeout(question.patienceMs, []);
    return await Promise.race([namespaceMistakes(config, question), none]);
  } catch {
    return [];
  }
}

/** What is no file is its content. */
function load(config: KubeConfig, { kubeconfig, context }: IstioCheck): void {
  const file = kubeconfig === undefined ? undefined : kubeconfigPath(kubeconfig);
  if (file === undefined) config.loadFromDefault();
  else if (existsSync(file)) config.loadFromFile(file);
  else config.loadFromString(file);
  if (context !== undefined) config.setCurrentContext(context);
}

/** Why a kubeconfig chooses no cluster. What is in it is never repeated: it may hold credentials. */
function choiceMistake(config: KubeConfig, { kubeconfig }: IstioCheck): string | undefined {
  const cluster = config.getCurrentCluster();
  const contexts = config.getContexts().map(({ name }) => name);
  const current = config.getCurrentContext();
  // What the client takes if it finds nothing at all.
  if (cluster?.name === "cluster" && cluster.server === "http://localhost:8080") {
    return "no cluster is chosen; set KUBECONFIG, or `pulumi config set istio-egress:kubeconfig <path>`";
  }
  if (cluster) return undefined;
  if (contexts.length === 0) {
    const what = kubeconfig === undefined ? "the kubeconfig" : "the stack's kubeconfig";
    return `${what} names no context; it must be the path of a file that is there, or its content`;
  }
  const wrong = contexts.includes(current)
    ? `its context "${current}" names no cluster that is in it`
    : current
      ? `it has no context "${current}"`
      : "it has no current context";
  return `the kubeconfig chooses no cluster: ${wrong}; write one of ${contexts.join(", ")}`;
}

async function checked(config: KubeConfig, question: IstioCheck): Promise<ClusterMistake[]> {
  const { apiVersion } = question;
  const [group, version] = apiVersion.split("/") as [string, string];
  try {
    await config.makeApiClient(CustomObjectsApi).getAPIResources({ group, version });
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) {
      const message = `the cluster ${where(config)} has no ${apiVersion}; install Istio there, or ${INSTEAD}`;
      return [{ message }];
    }
    const { code = "" } = error as NodeJS.ErrnoException;
    if (UNREACHABLE.includes(code)) {
      const message = `the API server ${where(config)} can't be reached (${code}); start it, or ${INSTEAD}`;
      return [{ message }];
    }
    // Whatever else is wrong (no rights, a certificate), the provider says it.
    return [];
  }
  return namespaceMistakes(config, question);
}

async function namespaceMistakes(
  config: KubeConfig,
  question: IstioCheck,
): Promise<ClusterMistake[]> {
  const { namespaces = [] } = question;
  const found = namespaces.map(async (used): Promise<ClusterMistake[]> => {
    const message = await unusable(config, used, question);
    return message === undefined ? [] : [{ message, path: used.path }];
  });
  return (await Promise.all(found)).flat();
}

/** Why a namespace that the stack uses won't be there when the update is over. */
async function unusable(
  config: KubeConfig,
  { name, by }: UsedNamespace,
  { signature: [key, value] = ["", ""] }: IstioCheck,
): Promise<string | undefined> {
  try {
    const { metadata } = await config.makeApiClient(CoreV1Api).readNamespace({ name });
    if (metadata?.annotations?.[key] !== value) return undefined;
    return (
      `namespace ${name} was made by this stack and would be deleted with all that is in it, and ${by} ` +
      "still is; declare a client there whose createNamespace isn't false, or move what is there first"
    );
  } catch (error) {
    if (!(error instanceof ApiException && error.code === 404)) return undefined;
    return (
      `namespace ${name}, where ${by} belongs, isn't in the cluster ${where(config)}; ` +
      "make it, or declare a client there"
    );
  }
}

async function silence(config: KubeConfig, patienceMs: number): Promise<ClusterMistake[]> {
  await setTimeout(patienceMs);
  const within = `doesn't answer within ${patienceMs / 1000} s`;
  return [{ message: `the API server ${where(config)} ${within}; start it, or ${INSTEAD}` }];
}

function where(config: KubeConfig): string {
  return `${config.getCurrentCluster()?.server} (context ${config.getCurrentContext()})`;
}
