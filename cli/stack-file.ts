import { type Catalogue, CATALOGUE_KEY, CatalogueError } from "../catalogue/catalogue.js";
import { type ReadCatalogue, readCatalogueFiles as readFiles } from "../catalogue/files.js";
import { sizeMistake } from "../catalogue/size.js";
import { readStackFile, stackFile } from "../local/stack-file.js";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { ISTIO_VERSION } from "../local/toolchain/parts.js";
import type { ClusterChoice } from "./kube/api-server.js";
import { onEmbedded } from "./embedded-config.js";
import { Mistake } from "./mistake.js";

export { stackFile } from "../local/stack-file.js";

/**
 * What a stack declares, in its file and in those that its catalogue names.
 * @param project the folder of its file
 * @throws {Mistake} if there is no such stack, or its file or catalogue has mistakes
 */
export function readCatalogue(stack: string, project = REPOSITORY): Catalogue {
  return readCatalogueFiles(stack, project).catalogue;
}

/** What a stack declares on the embedded mesh of a release. @throws {Mistake} the same */
export function readEmbeddedCatalogue(stack: string, istio: string): Catalogue {
  return readCatalogueFiles(stack, REPOSITORY, istio).catalogue;
}

/** The same, with the file that each alias stands in. @throws {Mistake} the same */
export function readCatalogueFiles(
  stack: string,
  project: string,
  istio: string = ISTIO_VERSION,
): ReadCatalogue {
  try {
    const value = onEmbedded(readConfig(stack, project), istio)[CATALOGUE_KEY];
    return readFiles(value, stackFile(stack), project);
  } catch (error) {
    throw error instanceof CatalogueError ? new Mistake(error.message) : error;
  }
}

/**
 * Keeps a stack from an engine that can't hand its configuration over.
 * @throws {Mistake} if it is too big, with what to write
 */
export function requireRoom(stack: string, project = REPOSITORY): void {
  const found = sizeMistake(readConfig(stack, project));
  if (found?.isTooBig) throw new Mistake(`${stackFile(stack)}: ${found.message}`);
}

/**
 * The cluster that a stack's configuration names; empty where it names none. Pulumi opens a kubeconfig
 * that is a secret: another one, which happens to be at hand, may be of another cluster.
 * @throws {Mistake} if it can't
 */
export async function clusterOf(stack: string): Promise<ClusterChoice> {
  const config = readConfig(stack);
  const [kubeconfig, context] = [config[KUBECONFIG_KEY], config["istio-egress:context"]];
  return {
    ...(isPath(kubeconfig) && { kubeconfig }),
    ...(kubeconfig !== undefined && !isPath(kubeconfig) && { content: await contentOf(stack) }),
    ...(typeof context === "string" && { context }),
  };
}

const KUBECONFIG_KEY = "istio-egress:kubeconfig";

async function contentOf(stack: string): Promise<string> {
  const { ambientEngine, runPulumi } = await import("./stack/engine.js");
  const args = ["config", "get", KUBECONFIG_KEY, "-s", stack];
  const { exitCode, stdout, output } = await runPulumi(ambientEngine(REPOSITORY), args);
  if (exitCode === 0) return stdout;
  throw new Mistake(
    `${stackFile(stack)}: ${KUBECONFIG_KEY} is for Pulumi to open, which it can't here:\n${output}\n` +
      "Give it the backend and the passphrase that `pulumi up` has, or say which cluster with --kubeconfig.",
  );
}

/** It may also be what is in the file, in the open or encrypted. */
function isPath(kubeconfig: unknown): kubeconfig is string {
  return typeof kubeconfig === "string" && !kubeconfig.includes("\n");
}

function readConfig(stack: string, project = REPOSITORY): Record<string, unknown> {
  return readStackFile(project, stack).config ?? {};
}
