/** A process that asks a cluster whether it has Istio, and ends with 1 and the reason if it hasn't. */
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { ApiException, CustomObjectsApi, KubeConfig } from "@kubernetes/client-node";

/** What it is asked on its standard input, in JSON. */
export interface Question {
  /** Istio's `group/version`. */
  apiVersion: string;
  /** A path, or what is in the file. @default as kubectl finds it */
  kubeconfig?: string;
  /** @default the kubeconfig's current one */
  context?: string;
}

const UNREACHABLE = ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"];

const INSTEAD = "name another cluster with KUBECONFIG or `pulumi config set istio-egress:context`";

async function mistake(question: Question): Promise<string | undefined> {
  const config = new KubeConfig();
  try {
    load(config, question);
  } catch (error) {
    return `the kubeconfig can't be read: ${(error as Error).message.split("\n")[0]}; ${INSTEAD}`;
  }
  const where = `${config.getCurrentCluster()?.server} (context ${config.getCurrentContext()})`;
  const [group, version] = question.apiVersion.split("/") as [string, string];
  try {
    await config.makeApiClient(CustomObjectsApi).getAPIResources({ group, version });
    return undefined;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) {
      return `the cluster ${where} has no ${question.apiVersion}; install Istio there, or ${INSTEAD}`;
    }
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (UNREACHABLE.includes(code)) {
      return `the API server ${where} can't be reached: ${message}; start it, or ${INSTEAD}`;
    }
    // Whatever else is wrong (no rights, a certificate), the provider says it.
    return undefined;
  }
}

function load(config: KubeConfig, { kubeconfig, context }: Question): void {
  if (kubeconfig === undefined) config.loadFromDefault();
  else if (existsSync(kubeconfig)) config.loadFromFile(kubeconfig);
  else config.loadFromString(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
}

async function main(): Promise<void> {
  const found = await mistake(JSON.parse(await text(process.stdin)) as Question);
  if (found === undefined) return;
  console.error(found);
  process.exitCode = 1;
}

void main();
