import { spawnSync } from "node:child_process";
import { RunError, runtime } from "@pulumi/pulumi";
import type { Catalogue } from "../catalogue/catalogue.js";
import type { ClusterMistake, IstioCheck, UsedNamespace } from "./clusterMistake.js";
import type { StackCatalogue } from "./stackCatalogue.js";
import { ISTIO_API_VERSION } from "../components/resources/istioApi.js";
import { signature } from "./roles.js";
import { rendersYaml } from "./stackProvider.js";

const PATIENCE_MS = 30_000;
/** A preview waits for nobody: it is as good without an answer. */
const PREVIEW_PATIENCE_MS = 5_000;

/**
 * Ends an update before anything is created where the stack's cluster can't be reached, has no
 * Istio, or hasn't a namespace that the catalogue takes for granted. Pulumi would create what it
 * can, and try the rest for a minute. A preview fails where the cluster answers that a namespace is
 * missing; else it goes on: a pull request may be judged, and YAML be rendered, without a cluster.
 *
 * @throws RunError (which Pulumi prints without a stack trace) with what to do about it
 */
export function requireIstio({
  placeOf,
  ...catalogue
}: Pick<StackCatalogue, "clients" | "aliases" | "placeOf">): void {
  if (!runtime.hasEngine() || rendersYaml()) return;
  const isPreview = runtime.isDryRun();
  const question: IstioCheck = {
    apiVersion: ISTIO_API_VERSION,
    patienceMs: isPreview ? PREVIEW_PATIENCE_MS : PATIENCE_MS,
    isPreview,
    ...stackCluster(),
    namespaces: usedNamespaces(catalogue),
    signature: signature(),
  };
  if (isPreview && question.namespaces!.length === 0) return;
  const lines = mistakes(question).map(({ message, path }) =>
    path ? `${placeOf(path)}: ${message}` : message,
  );
  if (lines.length > 0) throw new RunError(lines.join("\n"));
}

/** By a process of its own: the answer must be there before the first resource is registered. */
function mistakes(question: IstioCheck): ClusterMistake[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, ASKER, {
    input: JSON.stringify(question),
    encoding: "utf8",
    stdio: "pipe",
  });
  if (status !== 0) throw new RunError(stderr.trim());
  return JSON.parse(stdout) as ClusterMistake[];
}

const ASKER = [...process.execArgv, require.resolve("./askForIstio.js")];

/**
 * The namespaces in which a catalogue declares something, and which it neither makes nor labels.
 * One that the stack made before would go, and what is declared there with it.
 */
export function usedNamespaces({
  clients,
  aliases,
}: Pick<Catalogue, "clients" | "aliases">): UsedNamespace[] {
  const kept = clients.filter(
    ({ dataplane, createNamespace }) => dataplane !== "none" || createNamespace,
  );
  const names = new Set(kept.map(({ namespace }) => namespace));
  const users = [
    ...clients.map(({ name, namespace }, i) => ({
      name: namespace,
      by: `client ${name}`,
      path: ["clients", i, "namespace"],
    })),
    ...aliases.map(({ name, namespace }, i) => ({
      name: namespace,
      by: `alias ${name}`,
      path: ["aliases", i, "namespace"],
    })),
  ];
  return users.filter(({ name }) => !names.has(name) && names.add(name));
}

/**
 * How the running stack names its cluster: by one of this project's two keys, which make a provider of its own,
 * or else by those of the default provider.
 *
 * @returns nothing if it names none: then it is the ambient one
 */
export function stackCluster(): Pick<IstioCheck, "kubeconfig" | "context"> {
  for (const project of ["istio-egress", "kubernetes"]) {
    const kubeconfig = runtime.getConfig(`${project}:kubeconfig`);
    const context = runtime.getConfig(`${project}:context`);
    if (kubeconfig || context) {
      return { ...(kubeconfig && { kubeconfig }), ...(context && { context }) };
    }
  }
  return {};
}
