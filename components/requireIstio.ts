import { spawnSync } from "node:child_process";
import { Config, RunError, runtime } from "@pulumi/pulumi";
import type { Question } from "./askForIstio.js";
import { ISTIO_API_VERSION } from "./istio.js";

/**
 * Ends an update before anything is created where the stack's cluster can't be reached or has no
 * Istio. Pulumi would create what it can, and try the rest for a minute. A preview goes on: a pull
 * request may be judged, and YAML be rendered, without a cluster.
 *
 * @throws RunError (which Pulumi prints without a stack trace) with what to do about it
 */
export function requireIstio(): void {
  const isUpdate = runtime.hasEngine() && !runtime.isDryRun();
  if (!isUpdate || new Config("kubernetes").get("renderYamlToDirectory")) return;
  // By a process of its own: the answer must be there before the first resource is registered, and
  // a Kubernetes client takes half a second to load that previews shall not pay for.
  const { status, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, require.resolve("./askForIstio.js")],
    { input: JSON.stringify(question()), encoding: "utf8", stdio: "pipe" },
  );
  if (status !== 0) throw new RunError(stderr.trim());
}

/** The cluster as the provider finds it: what the stack names, else what is ambient. */
function question(): Question {
  const named = (key: string) =>
    ["istio-egress", "kubernetes"].map((of) => runtime.getConfig(`${of}:${key}`)).find(Boolean);
  const [kubeconfig, context] = [named("kubeconfig"), named("context")];
  return {
    apiVersion: ISTIO_API_VERSION,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  };
}
