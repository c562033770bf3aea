/** A process that checks whether a stack can be in a cluster, and prints why it can't: a list, in JSON. */
import { writeSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { json, text } from "node:stream/consumers";
import type { ClusterMistake, IstioCheck } from "./clusterMistake.js";
import { type PlainAccess, plainAccess } from "./plainAccess.js";

/** A server that is slower is given its time by who can say what is wrong with it. */
const QUICK_MS = 2_000;

/**
 * Whether a cluster that is reached by plain requests has all that is asked for. Where it hasn't, or can't be
 * reached so, {@link clusterMistakes} says what is wrong.
 */
async function isWell(question: IstioCheck): Promise<boolean> {
  const access = plainAccess(question.kubeconfig, question.context);
  if (!access) return false;
  const { apiVersion, isPreview = false, namespaces = [], signature: [key, value] = [] } = question;
  const istio = isPreview ? [] : [find(access, `/apis/${apiVersion}`)];
  const used = namespaces.map(async ({ name }) => {
    const found = await find(access, `/api/v1/namespaces/${encodeURIComponent(name)}`);
    return key === undefined || found.metadata?.annotations?.[key] !== value;
  });
  try {
    return (await Promise.all([...istio, ...used])).every(Boolean);
  } catch {
    return false;
  }
}

interface Found {
  metadata?: { annotations?: Record<string, string> };
}

/** @throws unless it is there */
function find({ server, options }: PlainAccess, path: string): Promise<Found> {
  const request = server.startsWith("https:") ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(QUICK_MS);
  return new Promise((resolve, reject) => {
    const sent = request(`${server}${path}`, { ...options, signal }, (response) => {
      if (response.statusCode === 200) resolve(json(response) as Promise<Found>);
      else reject(new Error(`${path}: ${response.statusCode}`));
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function main(): Promise<never> {
  const question = JSON.parse(await text(process.stdin)) as IstioCheck;
  writeSync(process.stdout.fd, JSON.stringify(await mistakes(question)));
  // A request that nobody answers would keep the process alive.
  process.exit();
}

async function mistakes(question: IstioCheck): Promise<ClusterMistake[]> {
  if (await isWell(question)) return [];
  const { clusterMistakes } = await import("./clusterMistake.js");
  return clusterMistakes(question);
}

void main();
